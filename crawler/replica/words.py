"""The words of the invented news: places, institutions and events of no real country."""

# ruff: noqa: RUF001 - typographic apostrophes and quotes, as news have them

from __future__ import annotations


def _options(text: str) -> tuple[str, ...]:
    return tuple(option.strip() for option in text.split(";"))


# The four lists that titles are made of. Their sizes are powers of two because a title is read off the
# bits of a scrambled id (prose.title_parts): 64 * 32 * 64 * 32 * 4 forms = 2**24 different titles.
WHO = _options("""
Harbour Board;City Council;Fishing Union;Water Authority;Port Captain;School Teachers;Farm Leaders;
Ferry Company;Health Ministry;Rail Workers;Coast Guard;Old Town Traders;Energy Regulator;Island Mayor;
Student Groups;Court of Appeal;Central Bank;Forest Service;Bridge Engineers;Museum Trustees;Village Elders;
Tax Office;Opposition Party;Labour Minister;Weather Service;Hospital Doctors;Parliament;Shipyard Owners;
Bus Drivers;Housing Agency;Fire Brigade;Olive Growers;Cotton Mills;Border Police;Relief Agencies;Salt Miners;
Tourism Board;National Theatre;Football League;Audit Chamber;Election Office;Grain Exporters;Market Women;
Nurses’ Association;Veterans’ Club;Public Prosecutor;Rescue Teams;Space Agency;Data Commissioner;Beekeepers;
River Pilots;Airport Staff;Customs Service;Lighthouse Keepers;Foreign Ministry;Peace Envoy;Truck Operators;
Wind Farm Builders;University Senate;Postal Union;Bakers’ Guild;Archive Keepers;Orchestra;Trade Delegation
""")
DOES = _options("""
Backed;Rejected;Delayed;Reviewed;Welcomed;Questioned;to Approve;to Suspend;Defended;to Launch;Opposed;
to Revive;Halted;to Unveil;to Sign;Postponed;Debated;Demanded;to Drop;to Expand;Inspected;to Fund;Criticised;
Endorsed;to Study;to Renew;Blocked;to Complete;to Abandon;to Reopen;Praised;Voted on
""")
WHAT = _options("""
New Bridge Plan;Night Ferry Route;Flood Wall Contract;School Meal Scheme;Harbour Dredging Deal;
Drought Relief Fund;Fuel Price Rise;Fishing Quota Talks;Hospital Wing;Grain Storage Tax;Tram Extension;
Lighthouse Repair;Prison Reform Bill;Airport Noise Rules;Old Mill Demolition;Vaccine Campaign;Pension Law;
Coastal Road Tender;Drinking Water Tests;Wind Farm Permit;Olive Export Ban;Border Crossing;Salt Mine Inquiry;
Election Calendar;Ceasefire Monitors;Prisoner Exchange;Rent Freeze;Library Closures;Earthquake Drill;
Rail Safety Report;Census Results;Fire Season Budget;Museum Loan;Reactor Upgrade;Shipyard Rescue;Dam Release;
Market Hall Move;Minimum Wage Offer;Marathon Route;Radio Licence Law;Aid Convoy;Plastic Bag Levy;
Forest Burning Ban;Teacher Hiring Plan;Visa Waiver;Refugee Shelter;Customs Strike;Tunnel Boring;Peace Charter;
Satellite Launch;Cotton Subsidy;Wage Arrears;Bird Sanctuary;Power Cut Schedule;Port Expansion;Medicine Imports;
Street Lighting Pact;"Blue Lantern" Ferry Line;"Quiet Streets" Campaign;"Second Bread" Programme;
Café Licence Law;Farmers’ Water Bank;Fishermen's Pension;Rail & Tram Fares
""")
WHERE = _options("""
Lanternport;Greywater;Tamarisk Bay;Ostrava Hill;Vellmar;Kestrel Point;Marrow Island;Sunderby;Altavila;
Dunmere;Port Ferrant;Halden Cross;Saltmarsh;Nine Wells;Corvane;Ashgrove;Brightmoor;East Quay;Lower Tarn;
Highfold;Pelican Reach;Quarry Town;Redcliffe Sound;Stonebrook;Thornby;Upper Vale;Westering;Yarrow Ford;
Cinder Lake;Falcon Heights;Mirador;Juniper Pass
""")

FIRST = _options("""
Amira;Boris;Celine;Dario;Elif;Farid;Greta;Hanan;Ivo;Jasna;Karim;Leila;Marek;Nadia;Omar;Petra;Rafiq;
Samira;Tomas;Ursula;Viktor;Wanda;Yusuf;Zora;Anton;Bianca;Casper;Dina;Emil;Fatima;Goran;Helene
""")
LAST = _options("""
Adeyra;Balint;Corvin;Demir;Estel;Farrow;Galani;Haddon;Ilves;Jarnak;Kessler;Lomani;Marchetti;Norling;
Okafor;Pellin;Quist;Rahmani;Sorel;Tavner;Ulrich;Vantor;Wexley;Yilmar;Zandt;Abelin;Brask;Castellan;Durov;
Engstrand;Fenwick;Grell;Holloway;Istrati;Jelinek;Kovran;Lindqvar;Mostafi;Nadir;Orsolya;Pradesh;Rusk;
Serrano;Talvik;Umarov;Velasco;Whitlock;Zamani
""")

BODY_SLOTS: dict[str, tuple[str, ...]] = {
    "place": WHERE,
    "last": LAST,
    "first": FIRST,
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "when": _options("""
early in the morning;late in the evening;over the past week;since the spring;for a third day;
within a month;before the winter;after weeks of silence;in the coming days;at short notice;during the holidays;
by the end of the year;shortly after noon;for the first time in a decade;again;as expected;at the weekend;
until further notice;while talks went on;despite the rain
"""),
    "count": _options("""
two;three;four;six;seven;nine;a dozen;15;18;23;27;34;41;56;60;more than 70;85;nearly 90;120;
about 150;210;at least 300;some 450;640;close to 900;1,200;1,850;2,400;roughly 3,000;5,600;8,000;14,500
"""),
    "said": _options("""
said;told reporters;added;explained;wrote in a letter;noted;announced;confirmed;insisted;conceded;
told a packed hall;repeated;warned;said by telephone;argued;recalled
"""),
    "role": _options("""
a spokesman for the port;the deputy mayor;a union organiser;a retired engineer;the head of the inquiry;
a local doctor;one of the shopkeepers;a member of parliament;the chief inspector;a ship's cook;the project manager;
a witness;an economist at the university;the school's director;a taxi driver;the envoy's aide;a nurse on duty;
the treasurer;a farmer from the valley;the night watchman;a former minister;the harbour pilot;a volunteer;
the judge
"""),
    "group": _options("""
residents;officials;fishermen;engineers;traders;parents;drivers;inspectors;students;families;
shopkeepers;rescue workers;lawyers;nurses;miners;dockers;teachers;investors;farmers;volunteers;sailors;
observers;witnesses;negotiators;auditors;pensioners;tenants;commuters;guards;translators;cooks;
photographers
"""),
    "adj": _options("""
new;old;northern;narrow;temporary;costly;public;private;damaged;promised;crowded;disputed;revised;
unfinished;secret;joint;quiet;wooden;coastal;regional;urgent;modest;ambitious;forgotten;closed;flooded;central;
annual;unpaid;emergency;second;independent;popular;abandoned;electric;historic;rural;legal;missing;shared;
seasonal;upper;cheaper;final;early;remote;official;heavy
"""),
    "thing": _options("""
bridge;report;agreement;market;station;pipeline;ferry;hospital;warehouse;school;contract;survey;
tunnel;budget;road;shelter;harbour wall;committee;power line;archive;reservoir;petition;railway;convoy;clinic;
factory;election list;court ruling;bakery;lighthouse;grain store;orchard;customs house;theatre;footpath;
water tower;bus depot;radio mast;fish market;prison wing;dam;vineyard;tax register;apartment block;stadium;
crane;sea lock;cable car;border post;quarry;aid shipment;laboratory;printing house;inquest;timetable;
street market;boat yard;festival;loan;vaccine store;weather station;ration card;tram line;monastery
"""),
    "did": _options("""
rebuilt;inspected;paid for;closed;promised;sold;measured;defended;discussed;found;guarded;visited;
lost;approved;described;blocked;repaired;counted;postponed;cleared;questioned;mapped;shared;abandoned;tested;
painted;financed;reopened;searched;moved;surveyed;refused
"""),
    "must": _options("""
will have to pay for;cannot wait for;hope to finish;plan to reopen;have asked to see;expect to lose;
refuse to leave;intend to sell;want to inspect;are ready to share;may still block;have begun to repair;
are said to own;no longer trust;once depended on;are waiting for
"""),
    "why": _options("""
because the money ran out;as prices kept rising;so that nobody is left behind;although the law is unclear;
since the storm;unless the court decides otherwise;while the ministry looks for partners;after a vote by show of hands;
in spite of three warnings;as part of a wider settlement;to make room for trucks;in return for cheaper fuel;
without telling the neighbours;under the eyes of monitors;on the advice of its lawyers;
now that the river has fallen;in the hope of better weather;with money borrowed abroad;to calm the markets;
before anyone could object;as the crowd looked on;following a complaint;for reasons of safety;
at the request of the families
"""),
    "link": _options("""
Meanwhile;Earlier;According to the same source;In the evening;Even so;By contrast;On the other bank;
Two days later;At the same time;In a separate statement;Elsewhere;For now;Not far away;In private;
As the meeting ended;A year ago
"""),
    "feel": _options("""
hopeful;tired;sceptical;relieved;angry;careful;divided;patient;surprised;uneasy;proud;worried;
unmoved;confident;doubtful;cheerful
"""),
}

# A bar divides the halves that are made beforehand (prose._sentences); only the first word of each may be a slot
# that begins a sentence, so the second halves begin with a space, a comma or a quotation mark.
SENTENCES = (
    "the {sight} in {place} was {did}| {when}, {role} {said}.",
    "{link}, {group} from {place}| {did} the {sight} {why}.",
    "{person}, {role}, {said}| that {many} {must} the {sight}.",
    "“We {did} the {thing} {when},| and the {group} {must} it,” {person} {said}.",
    "{many} {did} {a_sight}| near {place} {when}.",
    "on {day} {many} gathered at the {thing},| {feel} but orderly, {why}.",
    "nobody in {place} knows why the {sight}| was {did} {why}.",
    "{link}, the {sight} between {place} and {place}| was left to {many} {why}.",
    "{role} {said} the {sight}| would be {did} {why}, and {group} are {feel}.",
    "“If the {sight} is {did},| {group} {must} the {thing} too,” {role} {said}.",
    "it took {many}| to see the {sight} {did} {when}.",
    "{group} in {place} {must} {a_sight},| {last} {said} on {day}.",
    "{link}, {role} was {feel}:| the {thing} had been {did} {why}.",
    "of the {many} asked,| most were {feel} about the {sight}.",
    "{a_sight}, {did} {when},| still divides {group} and {group} of {place}.",
    "{last} {did} the {sight}| on {day} {why}.",
    "between {place} and {place},| {many} {did} the {sight} {when}.",
    "{link}, {a_sight} {did} by {group}| caught fire {when}; {many} were led out.",
    "the price of {a_sight} rose {when},| {role} {said}, {why}.",
    "“Ask the {group} of {place},” {last} {said}.| “They {did} every {sight} {when}.”",
    "what {group} call the {sight} is,| for {role}, only a new {thing} {why}.",
    "{many} and {many}| {must} the {thing} of {place}.",
    "{link}, {person} {did}| the {sight} alone {when}.",
    "{group} were {feel} on {day},| when the {sight} near {place} was {did}.",
)

LEADS = (
    "{place}: {who} on {day} took a stand on the {what}, {why}, {role} {said}.",
    "The {what} divided {place} again on {day}, when {who} made its answer known {why}.",
    "After talks with {many} {when}, {who} in {place} has settled its view of the {what}.",
    "{many} in {place} heard on {day} what {who} makes of the {what}.",
)

KICKERS = (
    "Exclusive;",
    "In Pictures",
    "Report:",
    "Interview;",
    "After a Long Silence",
    "Harbour Talks, Day Two;",
    "Analysis",
    "Special Report;",
    "On the Ground",
    "Reader’s Question;",
)
DESK_CODES = ("212-11", "218-12", "12", "S/SH 11", "SA - 12", "NJF/NJF", "MB/MB", "104-11", "KH - 12", "HR/SH 12")
SECTIONS = ("World", "Coast", "Economy", "Society", "Culture", "Science", "Sport", "Video", "Opinion", "Archive")
