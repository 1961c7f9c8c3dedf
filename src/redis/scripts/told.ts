// What processes tell each other in a hash, as a piece of a script: each with the time, and forgotten after a while.

/**
 * Tells, forgets and gathers: arguments are the id of the process, what it tells (empty: nothing), and the milliseconds
 * for which that counts. `answer` gets ids and texts in turn; `now` is the time in milliseconds since the epoch.
 * @param key of the hash, as the script names it
 */
export const told = (key: `KEYS[${number}]`): string => `
if ARGV[2] ~= '' then redis.call('HSET', ${key}, ARGV[1], string.format('%d', now) .. ' ' .. ARGV[2]) end
redis.call('PEXPIRE', ${key}, ARGV[3])
local all = redis.call('HGETALL', ${key})
for i = 1, #all, 2 do
  local at, text = string.match(all[i + 1], '^(%d+) (.*)$')
  if not at or now - tonumber(at) > tonumber(ARGV[3]) then
    redis.call('HDEL', ${key}, all[i])
  else
    answer[#answer + 1] = all[i]
    answer[#answer + 1] = text
  end
end
return answer
`;
