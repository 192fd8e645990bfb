"""What is done in Redis, in Lua: each script is one atomic step, and Redis's clock is the only one.

The keys, all behind the prefix KEYS[1]:

======================  ============================================================================================
``epoch``               a word that whoever joins first makes up; another or none: Redis has lost the frontier
``states``  hash        target to ``pending``, ``leased:WORKER``, ``fetched``, ``gone``, ``failed``, ``dropped`` or
                        ``refused``: the seen set
``told``    hash        target to what dumps told of it, until it is fetched or gone
``pending`` sorted set  targets that wait, by depth; so are ``failed``, ``dropped`` and ``held:WORKER``: leased to one
``workers`` sorted set  workers, by the time until which they count as alive
``seeding`` set         workers that still read seeds
``counts``  hash        how many targets are ``fetched``, how many ``gone``
``host:HOST`` string    the time before which no worker asks the host for anything
======================  ============================================================================================

All leases of a worker end together: when it leaves, when it has joined anew and told what it holds, or when it is no
longer heard of.
"""

from __future__ import annotations

from typing import Final

_COMMON: Final = """
local prefix, epoch, me = KEYS[1] .. ':', ARGV[1], ARGV[2]
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local call = redis.call

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
end
"""
_SAME_EPOCH: Final = """
if call('GET', prefix .. 'epoch') ~= epoch then return redis.error_reply('LOST the frontier') end
"""

JOIN: Final = (
    _COMMON
    + """
call('SET', prefix .. 'epoch', epoch, 'NX')
live(ARGV[3])
local retried = 0
if call('ZCARD', prefix .. 'workers') == 1 then
    if ARGV[4] == '1' then retried = to_pending(prefix .. 'failed') end
    if ARGV[5] == '1' then to_pending(prefix .. 'dropped') end
end
call('SADD', prefix .. 'seeding', me)
return {call('GET', prefix .. 'epoch'), retried}
"""
)
"""ARGV: epoch if there is none, worker, seconds it counts as alive, 1: try again what failed if nobody else is here,
the same of what was dropped."""

RELEASE: Final = _COMMON + _SAME_EPOCH + "return to_pending(held_by(me))"
BEAT: Final = _COMMON + _SAME_EPOCH + "live(ARGV[3])"
SEEDED: Final = _COMMON + _SAME_EPOCH + "call('SREM', prefix .. 'seeding', me)"
LEAVE: Final = _COMMON + _SAME_EPOCH + "return dismiss(me)"

CLAIM: Final = (
    _COMMON
    + _SAME_EPOCH
    + """
live(ARGV[3])
local entries = call('ZRANGEBYSCORE', prefix .. 'pending', '-inf', ARGV[4], 'WITHSCORES', 'LIMIT', 0, ARGV[5])
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
    for _, worker in ipairs(call('ZRANGE', prefix .. 'workers', 0, -1)) do
        if worker ~= me then
            answer[1] = answer[1] + call('ZCARD', held_by(worker)) + call('SISMEMBER', prefix .. 'seeding', worker)
        end
    end
end
return answer
"""
)
"""ARGV: epoch, worker, seconds it counts as alive, greatest depth, how many. The first number of the answer is that of
leases and readings of seeds of others, which may bring more, if there is nothing to claim now."""

TELL: Final = (
    _COMMON
    + _SAME_EPOCH
    + """
local waits = {pending = true, failed = true, dropped = true}

local function finish(key, state)
    local before = call('HGET', prefix .. 'states', key)
    if before == state or before == 'fetched' or (before == 'gone' and state == 'failed') then return end
    local owner = before and string.match(before, '^leased:(.*)$')
    if owner and owner ~= me and state ~= 'fetched' then return end
    local depth = 0
    local place = (owner and held_by(owner)) or (waits[before] and prefix .. before)
    if place then
        depth = call('ZSCORE', place, key) or 0
        call('ZREM', place, key)
    elseif before == 'gone' then
        call('HINCRBY', prefix .. 'counts', before, -1)
    end
    call('HSET', prefix .. 'states', key, state)
    if waits[state] then
        call('ZADD', prefix .. state, depth, key)
    else
        call('HDEL', prefix .. 'told', key)
        call('HINCRBY', prefix .. 'counts', state, 1)
    end
end

local function list(key, depth, told)
    local before = call('HGET', prefix .. 'states', key)
    if not before then
        call('HSET', prefix .. 'states', key, 'pending')
        call('ZADD', prefix .. 'pending', depth, key)
        call('HSET', prefix .. 'told', key, told)
    elseif waits[before] then
        call('ZADD', prefix .. before, 'LT', depth, key)
        if #told > #(call('HGET', prefix .. 'told', key) or '') then call('HSET', prefix .. 'told', key, told) end
    end
end

local ended = tonumber(ARGV[3])
for at = 4, 3 + 2 * ended, 2 do finish(ARGV[at], ARGV[at + 1]) end
for at = 4 + 2 * ended, #ARGV, 3 do list(ARGV[at], ARGV[at + 1], ARGV[at + 2]) end
"""
)
"""ARGV: epoch, worker, how many ended; then key and state of each of these; then key, depth and JSON of each listed.

What is fetched stays so. A worker that was thought dead ends no lease of another unless it has fetched the target."""

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
"""ARGV: epoch, worker, keys that cannot be of a target."""

TURN: Final = (
    _COMMON
    + _SAME_EPOCH
    + """
local place, delay = prefix .. 'host:' .. ARGV[3], tonumber(ARGV[4])
local wait = (tonumber(call('GET', place) or 0) or 0) - now
if wait > 0 then return tostring(wait) end
call('SET', place, string.format('%.6f', now + delay), 'PX', math.ceil(delay * 1000))
return '0'
"""
)
"""ARGV: epoch, worker, host, seconds between two requests. 0: this is the worker's turn; else how long to wait."""

CHECK: Final = """
local types = {
    epoch = 'string', states = 'hash', told = 'hash', pending = 'zset', failed = 'zset', workers = 'zset',
    seeding = 'set', counts = 'hash'
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
"""An error if a key is not of our making, or nothing can be written."""

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
