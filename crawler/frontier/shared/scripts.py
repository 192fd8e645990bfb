"""Lua scripts that run in Redis: each is one atomic step, and uses only Redis's clock.

The keys, all behind the prefix KEYS[1]:

======================  ============================================================================================
``epoch``               a word that the first worker makes up; if it differs or is missing, Redis lost the frontier
``states``  hash        target to ``pending``, ``leased:WORKER``, ``fetched``, ``gone``, ``failed``, ``dropped`` or
                        ``refused``: the seen set
``told``    hash        target to the data that dumps gave, until it is fetched or gone
``pending`` sorted set  targets that wait, by depth; so are ``failed``, ``dropped`` and ``held:WORKER``: leased to one
``workers`` sorted set  workers, by the time until which they count as alive
``seeding`` set         workers that still read seeds
``counts``  hash        how many targets are ``fetched``, how many ``gone``
``depths``  hash        fetched target to its distance from the seeds, by the shortest way that is known
``lists``   hash        fetched target to the ids that its record lists, with spaces between
``nearer``  set         fetched targets to which a nearer way was found, and what they list does not know yet
``host:HOST`` string    the time before which no worker sends a request to the host
``waiting:HOST``        sorted set: workers that wait for their turn there, by the time when they last asked for it
``took:HOST`` hash      worker to the time of its last turn there
``run``     hash        what belongs to the run of all workers together: ``answered``, how many articles it fetched,
                        and states of :mod:`crawler.frontier.shared.states`. It ends by itself, when no worker has been
                        heard of for as long as a lease lasts, or a minute if that is longer
======================  ============================================================================================

All leases of a worker end together: when it leaves, when it has joined again and sent what it holds, or when it is no
longer heard of.
"""

from __future__ import annotations

from typing import Final

_COMMON: Final = """
local prefix, epoch, me = KEYS[1] .. ':', ARGV[1], ARGV[2]
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local call = redis.call

local run = prefix .. 'run'

local function touch_run(seconds)
    call('HSETNX', run, 'began', string.format('%.6f', now))
    call('PEXPIRE', run, math.ceil(math.max(60, tonumber(seconds)) * 1000))
end

local function number_at(key, field) return tonumber(call('HGET', key, field) or 0) or 0 end

local function held_by(worker) return prefix .. 'held:' .. worker end

local function to_pending(from)
    local entries = call('ZRANGE', from, 0, -1, 'WITHSCORES')
    for at = 1, #entries, 2 do
        call('HSET', prefix .. 'states', entries[at], 'pending')
        call('ZADD', prefix .. 'pending', entries[at + 1], entries[at])
    end
    call('DEL', from)
    return #entries / 2
end

local function dismiss(worker)
    call('ZREM', prefix .. 'workers', worker)
    call('SREM', prefix .. 'seeding', worker)
    return to_pending(held_by(worker))
end

local function live(seconds)
    for _, worker in ipairs(call('ZRANGEBYSCORE', prefix .. 'workers', '-inf', now)) do
        if worker ~= me then dismiss(worker) end
    end
    call('ZADD', prefix .. 'workers', now + seconds, me)
    touch_run(seconds)
end
"""
_DEPTHS: Final = """
local waits = {pending = true, failed = true, dropped = true}

local function bring_nearer(key, depth)
    local before = tonumber(call('HGET', prefix .. 'depths', key) or '')
    if before and tonumber(depth) and tonumber(depth) < before then
        call('HSET', prefix .. 'depths', key, depth)
        call('SADD', prefix .. 'nearer', key)
    end
end

local function list(key, depth, told)
    local before = call('HGET', prefix .. 'states', key)
    local owner = before and string.match(before, '^leased:(.*)$')
    if not before then
        call('HSET', prefix .. 'states', key, 'pending')
        call('ZADD', prefix .. 'pending', depth, key)
        call('HSET', prefix .. 'told', key, told)
    elseif waits[before] then
        call('ZADD', prefix .. before, 'LT', depth, key)
        if #told > #(call('HGET', prefix .. 'told', key) or '') then call('HSET', prefix .. 'told', key, told) end
    elseif owner then
        call('ZADD', held_by(owner), 'XX', 'LT', depth, key)
    elseif before == 'fetched' then
        bring_nearer(key, depth)
    end
end

local function pass_on_depths()
    for _ = 1, 200 do
        local key = call('SPOP', prefix .. 'nearer')
        if not key then return end
        local depth, site = tonumber(call('HGET', prefix .. 'depths', key) or ''), string.match(key, '^(.*)/')
        if depth and site then
            for id in string.gmatch(call('HGET', prefix .. 'lists', key) or '', '%d+') do
                list(site .. '/' .. id, depth + 1, '{}')
            end
        end
    end
end
"""
"""A listed target is one step farther than the record that lists it, also if a shorter path to the record is found
later; :mod:`crawler.archive.depths` does the same in one corpus. A call updates at most 200 depths; the next call
continues."""
_SAME_EPOCH: Final = """
if call('GET', prefix .. 'epoch') ~= epoch then return redis.error_reply('LOST the frontier') end
"""

JOIN: Final = (
    _COMMON
    + """
call('SET', prefix .. 'epoch', epoch, 'NX')
local goes_on = call('EXISTS', run)
live(ARGV[3])
local retried = 0
if call('ZCARD', prefix .. 'workers') == 1 then
    if ARGV[4] == '1' then retried = to_pending(prefix .. 'failed') end
    if ARGV[5] == '1' then to_pending(prefix .. 'dropped') end
end
call('SADD', prefix .. 'seeding', me)
return {call('GET', prefix .. 'epoch'), retried, goes_on}
"""
)
"""ARGV: epoch to set if there is none, worker, seconds it counts as alive, 1 to retry failed targets if no other worker
is active, 1 to retry dropped targets then."""

RELEASE: Final = _COMMON + _SAME_EPOCH + "return to_pending(held_by(me))"
BEAT: Final = _COMMON + _SAME_EPOCH + "live(ARGV[3])"
SEEDED: Final = _COMMON + _SAME_EPOCH + "call('SREM', prefix .. 'seeding', me)"
LEAVE: Final = _COMMON + _SAME_EPOCH + "return dismiss(me)"

CLAIM: Final = (
    _COMMON
    + _SAME_EPOCH
    + _DEPTHS
    + """
live(ARGV[3])
pass_on_depths()
local limit, room, leased_elsewhere = tonumber(ARGV[5]), tonumber(ARGV[6]), 0
for _, worker in ipairs(call('ZRANGE', prefix .. 'workers', 0, -1)) do
    if room then room = room - call('ZCARD', held_by(worker)) end
    if worker ~= me then
        leased_elsewhere = leased_elsewhere + call('ZCARD', held_by(worker))
            + call('SISMEMBER', prefix .. 'seeding', worker)
    end
end
if room then
    local answered = number_at(run, 'answered')
    if answered >= tonumber(ARGV[6]) then return {0} end
    limit = math.max(0, math.min(limit, room - answered))
end
local entries = {}
if limit > 0 then
    entries = call('ZRANGEBYSCORE', prefix .. 'pending', '-inf', ARGV[4], 'WITHSCORES', 'LIMIT', 0, limit)
end
local answer = {0}
for at = 1, #entries, 2 do
    local key, depth = entries[at], entries[at + 1]
    call('ZREM', prefix .. 'pending', key)
    call('HSET', prefix .. 'states', key, 'leased:' .. me)
    call('ZADD', held_by(me), depth, key)
    answer[#answer + 1] = key
    answer[#answer + 1] = depth
    answer[#answer + 1] = call('HGET', prefix .. 'told', key) or ''
end
if #entries == 0 then
    local here = limit == 0 and call('ZCARD', held_by(me)) or 0
    answer[1] = leased_elsewhere + here + call('SCARD', prefix .. 'nearer')
end
return answer
"""
)
"""ARGV: epoch, worker, seconds it counts as alive, greatest depth, how many, how many articles all workers together may
fetch in this run (empty: no limit). If there is nothing to claim now, the first number of the answer counts what may
still bring targets: leases, workers that read seeds, and depths still to be updated."""

PASS_ON: Final = (
    _COMMON
    + _SAME_EPOCH
    + _DEPTHS
    + """
local counting = ARGV[3]

local function finish(key, state, far, lists)
    local before = call('HGET', prefix .. 'states', key)
    if state == 'fetched' and before == state then return bring_nearer(key, far) end
    if before == state or before == 'fetched' or (before == 'gone' and state == 'failed') then return end
    local owner = before and string.match(before, '^leased:(.*)$')
    if owner and owner ~= me and state ~= 'fetched' then return end
    local depth
    local place = (owner and held_by(owner)) or (waits[before] and prefix .. before)
    if place then
        depth = call('ZSCORE', place, key)
        call('ZREM', place, key)
    elseif before == 'gone' then
        call('HINCRBY', prefix .. 'counts', before, -1)
    end
    call('HSET', prefix .. 'states', key, state)
    if waits[state] then
        call('ZADD', prefix .. state, depth or 0, key)
        return
    end
    call('HDEL', prefix .. 'told', key)
    call('HINCRBY', prefix .. 'counts', state, 1)
    if state == 'fetched' then
        call('HSET', prefix .. 'depths', key, far)
        if lists ~= '' then call('HSET', prefix .. 'lists', key, lists) end
        bring_nearer(key, depth)
        if counting == 'all' or (counting == 'leased' and owner) then
            call('HSET', run, 'answered', number_at(run, 'answered') + 1)
            if call('PTTL', run) < 0 then touch_run(60) end
        end
    end
end

local ended = tonumber(ARGV[4])
for at = 5, 4 + 4 * ended, 4 do finish(ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]) end
for at = 5 + 4 * ended, #ARGV, 3 do list(ARGV[at], ARGV[at + 1], ARGV[at + 2]) end
pass_on_depths()
"""
)
"""ARGV: epoch, worker, which fetched targets count as answered in this run (``all``, ``leased`` or ``none``), how many
ended; then key, state, depth and listed ids of each ended target; then key, depth and JSON of each listed target.

A fetched target stays fetched. A worker that counted as dead ends another's lease only if it fetched the target."""

FORGOTTEN: Final = (
    _COMMON
    + _SAME_EPOCH
    + """
local answer = {}
for at = 3, #ARGV do
    if call('HEXISTS', prefix .. 'depths', ARGV[at]) == 0 then answer[#answer + 1] = ARGV[at] end
end
return answer
"""
)
"""ARGV: epoch, worker, keys that were fetched. Return those whose listed ids are unknown here."""

STATE: Final = _COMMON + _SAME_EPOCH + "return {call('HGET', run, ARGV[3]) or '', string.format('%.6f', now)}"
"""ARGV: epoch, worker, a field of the run. Return its value, and the time."""

SWAP: Final = (
    _COMMON
    + _SAME_EPOCH
    + """
local current = call('HGET', run, ARGV[4]) or ''
local done = 0
if current == ARGV[5] then
    done, current = 1, ARGV[6]
    call('HSET', run, ARGV[4], current)
    touch_run(ARGV[3])
end
return {done, current, string.format('%.6f', now)}
"""
)
"""ARGV: epoch, worker, seconds it counts as alive, a field of the run, its expected value, and its new value.

Return whether the field had the expected value and has the new one now, its value, and the time."""

REFUSE: Final = (
    _COMMON
    + _SAME_EPOCH
    + """
for at = 3, #ARGV do
    call('ZREM', held_by(me), ARGV[at])
    call('HSET', prefix .. 'states', ARGV[at], 'refused')
    call('HDEL', prefix .. 'told', ARGV[at])
end
"""
)
"""ARGV: epoch, worker, keys that cannot belong to a target."""

TURN: Final = (
    _COMMON
    + _SAME_EPOCH
    + """
local host, delay = ARGV[3], tonumber(ARGV[4])
local place, waiting, took = prefix .. 'host:' .. host, prefix .. 'waiting:' .. host, prefix .. 'took:' .. host
call('ZADD', waiting, now, me)
call('PEXPIRE', waiting, 60000)
local wait = (tonumber(call('GET', place) or 0) or 0) - now
if wait > 0 and wait <= math.max(3600, delay) then return tostring(wait) end
call('ZREMRANGEBYSCORE', waiting, '-inf', now - 1)
local mine = number_at(took, me)
for _, other in ipairs(call('ZRANGE', waiting, 0, -1)) do
    if other ~= me and mine <= now and number_at(took, other) < mine then return tostring(math.min(0.05, delay / 4)) end
end
call('SET', place, string.format('%.6f', now + delay), 'PX', math.ceil(delay * 1000))
call('HSET', took, me, string.format('%.6f', now))
call('PEXPIRE', took, math.ceil(math.max(60, 10 * delay) * 1000))
call('ZREM', waiting, me)
return '0'
"""
)
"""ARGV: epoch, worker, host, seconds between two requests. Return 0 if it is the worker's turn, else the seconds to
wait.

Of the workers that wait (they asked within the last second), the one whose last turn is longest ago is next."""

CHECK: Final = """
local types = {
    epoch = 'string', states = 'hash', told = 'hash', pending = 'zset', failed = 'zset', dropped = 'zset',
    workers = 'zset', seeding = 'set', counts = 'hash', depths = 'hash', lists = 'hash', nearer = 'set', run = 'hash'
}
for name, expected in pairs(types) do
    local key = KEYS[1] .. ':' .. name
    local actual = redis.call('TYPE', key).ok
    if actual ~= expected and actual ~= 'none' then
        return redis.error_reply('WRONGTYPE ' .. key .. ' is a ' .. actual .. ', not a ' .. expected)
    end
end
redis.call('SET', KEYS[1] .. ':check', '1', 'PX', 1000)
return redis.call('TIME')
"""
"""Returns an error if a key was not written by Gleaner, or nothing can be written."""

COUNTS: Final = (
    _COMMON
    + _SAME_EPOCH
    + """
local leased = 0
for _, worker in ipairs(call('ZRANGE', prefix .. 'workers', 0, -1)) do
    leased = leased + call('ZCARD', held_by(worker))
end
local function count(state) return tonumber(call('HGET', prefix .. 'counts', state) or 0) end
return {call('ZCARD', prefix .. 'pending'), leased, count('fetched'), count('gone'), call('ZCARD', prefix .. 'failed'),
    call('ZCARD', prefix .. 'dropped')}
"""
)
