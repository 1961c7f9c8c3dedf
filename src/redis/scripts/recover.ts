// The scripts that bring a cell forward again which went back; each works only for the process that holds the cell's lock.
import { script } from '../client.js';

/**
 * Keys: lock, then those of the steps. Arguments: token, milliseconds that the lock lives on, then steps: a letter, a
 * key number, two values.
 *
 * | step | values | write |
 * |---|---|---|
 * | K mark | text, seconds | the text, unless there is one |
 * | U epoch | field, number | the number, unless the field holds a greater one |
 * | B boundaries | old text, new text | the new text in the field `before`, if that still holds the old one (`0`: none) |
 * | S status | offset, seconds | the bit; the key lives that long from now on, or longer as it did |
 * | T ended | field, number and time | the text, unless the field holds a greater number |
 *
 * Returns how many steps B found another text; false when the lock is not held.
 */
export const replayScript = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
local changed = 0
for i = 3, #ARGV, 4 do
  local op, key, a, b = ARGV[i], KEYS[tonumber(ARGV[i + 1])], ARGV[i + 2], ARGV[i + 3]
  if op == 'K' then
    redis.call('SET', key, a, 'NX', 'EX', b)
  elseif op == 'U' then
    if tonumber(redis.call('HGET', key, a) or '0') < tonumber(b) then redis.call('HSET', key, a, b) end
  elseif op == 'S' then
    redis.call('SETBIT', key, a, 1)
    if redis.call('TTL', key) < tonumber(b) then redis.call('EXPIRE', key, b) end
  elseif op == 'T' then
    local known = redis.call('HGET', key, a)
    if not known or tonumber(string.match(known, '^%d+')) < tonumber(string.match(b, '^%d+')) then redis.call('HSET', key, a, b) end
  elseif (redis.call('HGET', key, 'before') or '0') == a then
    redis.call('HSET', key, 'before', b)
  else
    changed = changed + 1
  end
end
return changed
`);

/**
 * Numbers that were given out get an event each; behind the last one stands the event that tells of the replay, and
 * with it the cell has its new incarnation.
 *
 * Keys: lock, cell, stream, status index. Arguments: token, milliseconds that the lock lives on, size of the sealed
 * log, newest number given out, most events of one run, record of a lost event, record of the replay, new incarnation,
 * least status index.
 *
 * Returns the number of the newest event, and 1 when the cell is done; false when the lock is not held.
 */
export const fillScript = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
local last = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)[1]
local stored = last and tonumber(string.match(last[1], '^0%-(%d+)$')) or 0
local number = math.max(tonumber(redis.call('HGET', KEYS[2], 'sequence') or '0'), stored, tonumber(ARGV[3]))
local stop = math.min(tonumber(ARGV[4]), number + tonumber(ARGV[5]))
while number < stop do
  number = number + 1
  redis.call('XADD', KEYS[3], '0-' .. string.format('%d', number), 'r', ARGV[6])
end
local done = number >= tonumber(ARGV[4])
if done then
  number = number + 1
  redis.call('XADD', KEYS[3], '0-' .. string.format('%d', number), 'r', ARGV[7])
  redis.call('HSET', KEYS[2], 'incarnation', ARGV[8])
  if tonumber(redis.call('GET', KEYS[4]) or '0') < tonumber(ARGV[9]) then redis.call('SET', KEYS[4], ARGV[9]) end
  redis.call('DEL', KEYS[1])
end
redis.call('HSET', KEYS[2], 'sequence', string.format('%d', number))
return {number, done and 1 or 0}
`);

/** Keys: lock. Arguments: token. */
export const unlockScript = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
`);
