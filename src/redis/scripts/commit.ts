// The one script that writes: checks all that the decision stood on, then writes everything or nothing.
import { script } from '../client.js';

/** Sessions on one page of an index. */
export const indexPageSize = 128;

/**
 * Arguments are commits, one after another: the number of its arguments, then its steps. A step is a letter, a key
 * number, then its own values.
 *
 * | step | values | check | write |
 * |---|---|---|---|
 * | G guard | n, n × (field, value) | hash fields equal; an absent field counts as `0` | – |
 * | A as far as it matters | key of the changes, revision, n, n × field or `kind:*` | the revision is still that, or no change since then was one of the fields | – |
 * | M unmarked | – | key absent | – |
 * | B being there | – | key present | – |
 * | H held | text | the key's text equals | – |
 * | T totp step | device, step | greater than the last one used | remembers it |
 * | R signature input | seconds | key absent | remembers it |
 * | S session | record, seconds | key absent | the record |
 * | L lengthen | seconds | – | the key lives that long, or longer as it did |
 * | I index | session id, seconds | counter is one, page readable | the next place of the newest page |
 * | N not gone back | incarnation, sequence, generation of the keys | the cell is that one, and at least as far; it knows of no later keys (verdict `O`), unless that is -1 | the generation, if it is later |
 * | E event | key of the cell, record, most | fewer entries than that, none behind the cell's sequence | the event under the cell's next number, which is a result |
 * | K mark | text, seconds | key readable | the text, unless there is one; it lives that long from now on |
 * | W session use | text, seconds | – | the text |
 * | P put | n, n × (field, value) | hash readable | the fields |
 * | D delete | n, n × field | hash readable | without the fields |
 * | U raise | field, random number of 20 bits, key of what ended, its field | field is a counter | the next epoch: its upper part grows by one, its lower one is the random number; it is a result. In the other key: the epoch, and the time by the clock of Redis |
 * | Y bit | offset, seconds | bitmap readable | the bit; the key lives that long from now on, or longer as it did |
 * | X release | text | key readable | without the key, if the text is still that |
 * | Q as before | in place of the key number, where the same step of this or an earlier commit begins | as that one | as that one |
 * | Z as begun before | in place of the key number and as its value: where the same first steps of an earlier commit begin and end; all of them N or G | as those | as those |
 * | C change | record, length | list readable | the newest entry of a list of at most that length; of length 0: no list |
 *
 * Returns a line for each commit: `ok` and the results in the order of their steps, or the letter of the check that
 * failed alone, or `!` and the text of an error, divided by blanks: one text is a sixth of the work of lists in lists for
 * the client library. No commit knows of another: each is checked on what those before it left.
 *
 * Numbers of cells and entries of indexes are counted here and written once, behind the last commit: they are a third of
 * the commands. Whatever can refuse them has been asked by then: an error there would be told of commits that stand.
 *
 * INVARIANT: of a commit nothing is written before every check has passed. Reading each target in the first round makes a key of
 * a wrong type fail there too, before anything was written. One thing is not seen, since asking for it would cost more
 * than the event: a stream whose last id somebody moved behind the sequence and left no entry there (XSETID, XDEL). It
 * refuses the event in the second round. Callers name their events first, so at most other events are written then.
 */
const checks = `
local call, tonumber, floor, format = redis.call, tonumber, math.floor, string.format
local KEYS, ARGV = KEYS, ARGV
local pagesize = ${indexPageSize}
local function step(i)
  local op = ARGV[i]
  if op == 'Q' then
    local op, key, from, next = step(tonumber(ARGV[i + 1]))
    return op, key, from, i + 2, next
  end
  local key = KEYS[tonumber(ARGV[i + 1])]
  if op == 'E' or op == 'N' then return op, key, i + 2, i + 5 end
  if op == 'I' or op == 'S' then return op, key, i + 2, i + 4 end
  if op == 'M' or op == 'B' then return op, key, i + 2, i + 2 end
  if op == 'G' or op == 'P' then return op, key, i + 3, i + 3 + 2 * tonumber(ARGV[i + 2]) end
  if op == 'R' or op == 'H' or op == 'X' or op == 'L' then return op, key, i + 2, i + 3 end
  if op == 'D' then return op, key, i + 3, i + 3 + tonumber(ARGV[i + 2]) end
  if op == 'A' then return op, key, i + 2, i + 5 + tonumber(ARGV[i + 4]) end
  if op == 'U' then return op, key, i + 2, i + 6 end
  return op, key, i + 2, i + 4
end

local function counter(text, key)
  if not text then return 0 end
  if #text > 15 or string.find(text, '%D') then error({err = 'ERR ' .. key .. ' holds no counter'}) end
  return tonumber(text)
end

-- Whether something changed since the revision that concerns one of the fields; what is not known any more may have.
local function mattered(changes, revision, from, next)
  local fields, kinds = {}, {}
  for at = from, next - 1 do
    local kind = string.match(ARGV[at], '^(%a+):%*$')
    if kind then kinds[kind] = true else fields[ARGV[at]] = true end
  end
  local place = 0
  repeat
    local change = call('LINDEX', changes, place)
    local entry = change and cjson.decode(change)
    if not entry or entry[2] == '*' then return true end
    for _, field in ipairs(entry[2]) do
      if fields[field] or kinds[string.match(field, '^%a+')] then return true end
    end
    place = place + 1
  until entry[1] == revision
  return false
end

-- What was read, by its key, kept in step with what is written here: each call of a command costs a microsecond.
local cells, streams, counters, pages, texts = {}, {}, {}, {}, {}
-- The same by the place of the step, and whether keys are there: forgotten whenever something is written that could concern them.
local guarded, passed, there = {}, {}, {}
-- Generations of the keys that the commit brings to cells; and to what age keys were lengthened.
local raised, lives = nil, {}
-- Written for all commits together when they are through: the number of each cell's newest event, new entries of pages with
-- the seconds that the page has to live, and the same seconds of the counters.
local sequences, entries, ends = {}, {}, {}

local function cellat(key)
  local cell = cells[key]
  if not cell then
    local fields = call('HMGET', key, 'incarnation', 'sequence', 'keys')
    cell = {incarnation = fields[1], sequence = counter(fields[2], key), keys = counter(fields[3], key)}
    cells[key] = cell
  end
  return cell
end

local function isthere(key)
  if there[key] == nil then there[key] = call('EXISTS', key) == 1 end
  return there[key]
end

local function holds(key, from, next)
  local fields = {}
  for at = from, next - 1, 2 do fields[#fields + 1] = ARGV[at] end
  local values = call('HMGET', key, unpack(fields))
  for n = 1, #fields do
    if (values[n] or '0') ~= ARGV[from + 2 * n - 1] then return false end
  end
  return true
end

-- The letter of the first check that fails; and where the first step stands that writes.
local function check(i, last)
local writes
while i <= last do
  local op, key, from, next, same = step(i)
  if op == 'E' then
    writes = writes or i
    if not streams[key] then
      local length = call('XLEN', key)
      -- The newest entry is not read: an empty answer costs a fraction of it.
      if call('XRANGE', key, format('0-%.0f', cellat(KEYS[tonumber(ARGV[from])]).sequence + 1), '+', 'COUNT', 1)[1] then
        error({err = 'ERR ' .. key .. ' goes on behind our events'})
      end
      streams[key] = length
    end
    if streams[key] >= tonumber(ARGV[from + 2]) then return op end
  elseif op == 'N' then
    local cell = cellat(key)
    if cell.incarnation ~= ARGV[from] or cell.sequence < tonumber(ARGV[from + 1]) then return op end
    local decided = tonumber(ARGV[from + 2])
    if decided >= 0 and decided < cell.keys then return 'O' end
    if decided > cell.keys then
      raised = raised or {}
      raised[key] = ARGV[from + 2]
    end
  elseif op == 'G' then
    if guarded[from] == nil then guarded[from] = holds(key, from, same or next) end
    if not guarded[from] then return op end
  elseif op == 'I' then
    writes = writes or i
    local place = counters[key] or counter(call('GET', key), key)
    counters[key] = place
    local page = key .. ':' .. floor(place / pagesize)
    pages[page] = pages[page] or call('ZCARD', page)
  elseif op == 'S' or op == 'R' then
    writes = writes or i
    if isthere(key) then return op end
  elseif op == 'M' then
    if isthere(key) then return op end
  elseif op == 'B' then
    if not isthere(key) then return op end
  elseif op == 'A' then
    local revision = ARGV[from + 1]
    if (call('HGET', key, 'rev') or '0') ~= revision and mattered(KEYS[tonumber(ARGV[from])], revision, from + 3, next) then return op end
  elseif op == 'H' then
    if call('GET', key) ~= ARGV[from] then return op end
  else
    writes = writes or i
    if op == 'X' or op == 'K' or op == 'W' or op == 'L' then
      -- Its length is not asked for: only that it has one.
      texts[key] = texts[key] or call('STRLEN', key)
    elseif op == 'T' then
      if tonumber(call('HGET', key, ARGV[from]) or '-1') >= tonumber(ARGV[from + 1]) then return op end
    elseif op == 'U' then
      counter(call('HGET', key, ARGV[from]), key)
      call('HLEN', KEYS[tonumber(ARGV[from + 2])])
    elseif op == 'Y' then
      call('GETBIT', key, ARGV[from])
    elseif op == 'C' then
      call('LLEN', key)
    else
      call('HLEN', key)
    end
  end
  i = next
end
return nil, writes or i
end

local function commit(first, last)
raised = nil
local refused, i
if ARGV[first] == 'Z' then
  -- What it begins with need not be asked again, unless something was written meanwhile that could concern it.
  local from, to = tonumber(ARGV[first + 1]), tonumber(ARGV[first + 2])
  if passed[from] ~= to then
    refused = check(from, to)
    if refused then return {refused} end
    if not raised then passed[from] = to end
  end
  refused, i = check(first + 3, last)
else
  refused, i = check(first, last)
end
if refused then return {refused} end
`;

const writes = `
local results = {'ok'}
if raised then
  passed = {}
  for key, generation in pairs(raised) do
    call('HSET', key, 'keys', generation)
    cellat(key).keys = tonumber(generation)
  end
end
while i <= last do
  local op, key, from, next = step(i)
  if op == 'E' then
    local cellkey = KEYS[tonumber(ARGV[from])]
    local cell = cellat(cellkey)
    local number = format('%.0f', cell.sequence + 1)
    call('XADD', key, '0-' .. number, 'r', ARGV[from + 1])
    cell.sequence = cell.sequence + 1
    sequences[cellkey] = number
    streams[key] = streams[key] + 1
    results[#results + 1] = number
  elseif op == 'S' or op == 'W' then
    call('SET', key, ARGV[from], 'EX', ARGV[from + 1])
    there[key], lives[key] = true, nil
  elseif op == 'I' then
    local place = counters[key]
    counters[key] = place + 1
    local page, seconds = key .. ':' .. floor(place / pagesize), tonumber(ARGV[from + 1])
    local list = entries[page]
    if list then
      list[#list + 1], list[#list + 2] = place, ARGV[from]
      list.seconds = math.max(list.seconds, seconds)
    else
      entries[page] = {place, ARGV[from], seconds = seconds}
    end
    ends[key] = math.max(ends[key] or 0, seconds)
  elseif op == 'L' then
    local seconds = tonumber(ARGV[from])
    if not lives[key] or lives[key] < seconds then
      call('EXPIRE', key, seconds, 'GT')
      lives[key] = seconds
    end
  elseif op == 'T' then
    call('HSET', key, ARGV[from], ARGV[from + 1])
  elseif op == 'R' then
    call('SET', key, '1', 'EX', ARGV[from])
    there[key] = true
  elseif op == 'K' then
    guarded, passed, there = {}, {}, {}
    if not call('SET', key, ARGV[from], 'NX', 'EX', ARGV[from + 1]) then call('EXPIRE', key, ARGV[from + 1]) end
  elseif op == 'P' then
    guarded, passed, there = {}, {}, {}
    call('HSET', key, unpack(ARGV, from, next - 1))
  elseif op == 'D' then
    guarded, passed, there = {}, {}, {}
    call('HDEL', key, unpack(ARGV, from, next - 1))
  elseif op == 'U' then
    guarded, passed, there = {}, {}, {}
    local epoch = (floor(counter(call('HGET', key, ARGV[from]), key) / 1048576) + 1) * 1048576 + tonumber(ARGV[from + 1])
    call('HSET', key, ARGV[from], format('%.0f', epoch))
    call('HSET', KEYS[tonumber(ARGV[from + 2])], ARGV[from + 3], format('%.0f ', epoch) .. call('TIME')[1])
    results[#results + 1] = format('%.0f', epoch)
  elseif op == 'Y' then
    call('SETBIT', key, ARGV[from], 1)
    if call('TTL', key) < tonumber(ARGV[from + 1]) then call('EXPIRE', key, ARGV[from + 1]) end
  elseif op == 'X' then
    guarded, passed, there = {}, {}, {}
    if call('GET', key) == ARGV[from] then call('DEL', key) end
  elseif op == 'C' and ARGV[from + 1] == '0' then
    call('DEL', key)
  elseif op == 'C' then
    call('LPUSH', key, ARGV[from])
    call('LTRIM', key, 0, tonumber(ARGV[from + 1]) - 1)
  end
  i = next
end
return results
end
`;

/** What fails of one commit does not concern the others; a server that takes no writes at all is told as such. */
const each = `
local answers = {}
local at = 1
while at <= #ARGV do
  local last = at + tonumber(ARGV[at])
  local worked, answer = pcall(commit, at + 1, last)
  if not worked then
    local text = type(answer) == 'table' and answer.err or tostring(answer)
    -- As a table: a text would be put behind another code, and the client library would not leave this server.
    if string.find(text, '^-?READONLY') then error({err = (string.gsub(text, '^-', ''))}, 0) end
    answer = {'!', (string.gsub(text, '%c', ' '))}
  end
  answers[#answers + 1] = table.concat(answer, ' ')
  at = last + 1
end
for key, number in pairs(sequences) do call('HSET', key, 'sequence', number) end
for page, list in pairs(entries) do
  call('ZADD', page, unpack(list))
  call('EXPIRE', page, list.seconds)
end
-- A counter ends with its newest page: nothing is left to be counted then.
for key, seconds in pairs(ends) do call('SET', key, format('%.0f', counters[key]), 'EX', seconds) end
return table.concat(answers, '\\n')
`;

export const commitScript = script(`${checks}${writes}${each}`);

/** The checks alone. */
export const checkScript = script(`${checks}\nreturn {'ok'}\nend\n${each}`);
