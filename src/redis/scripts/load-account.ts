// The script that reads an account at one revision: its epochs, and what changed since a known revision, or everything.
import { script } from '../client.js';

/**
 * Keys: state, entities, changes. Arguments: the revision known, or an empty text, then the subjects of the epochs wanted.
 * Returns the revision (false: no such account), `changed` or `all`, the epochs (`0` where there is none), then fields
 * and values in turn; a value of false is a field that is gone.
 */
export const loadAccountScript = script(`
local revision = redis.call('HGET', KEYS[1], 'rev')
if not revision then return {false} end
local answer = {revision, 'changed'}
for n = 2, #ARGV do answer[#answer + 1] = redis.call('HGET', KEYS[1], ARGV[n]) or '0' end
local seen = {}
if ARGV[1] ~= '' then
  local place = 0
  local change = redis.call('LINDEX', KEYS[3], 0)
  while change do
    local entry = cjson.decode(change)
    if entry[2] == '*' then break end
    for _, field in ipairs(entry[2]) do seen[field] = true end
    if entry[1] == ARGV[1] then
      for field in pairs(seen) do
        answer[#answer + 1] = field
        answer[#answer + 1] = redis.call('HGET', KEYS[2], field)
      end
      return answer
    end
    place = place + 1
    change = redis.call('LINDEX', KEYS[3], place)
  end
end
answer[2] = 'all'
for _, value in ipairs(redis.call('HGETALL', KEYS[2])) do answer[#answer + 1] = value end
return answer
`);
