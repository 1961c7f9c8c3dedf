// The scripts of sealing: take a turn at a cell, and record what is durable in the log and let it go from the stream.
import { script } from '../client.js';

/**
 * Keys: sealer, state, stream, checked. Arguments: token, milliseconds of the turn, milliseconds between two looks at
 * an idle cell. Answers `taken` (another one is at it), `idle` (nothing waits, and somebody looked a moment ago), or
 * `begun`, the fencing number, the sealed size, the checkpoint of that size, the number of the newest event, and the
 * id of the stream's first entry (empty when there is none).
 */
export const beginScript = script(`
if redis.call('EXISTS', KEYS[1]) == 1 then return {'taken'} end
if redis.call('XLEN', KEYS[3]) == 0 and redis.call('EXISTS', KEYS[4]) == 1 then return {'idle'} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SET', KEYS[4], '1', 'PX', ARGV[3])
local fence = redis.call('HINCRBY', KEYS[2], 'fence', 1)
redis.call('HSET', KEYS[2], 'sealer', ARGV[1])
local state = redis.call('HMGET', KEYS[2], 'sealed', 'checkpoint', 'sequence')
local first = redis.call('XRANGE', KEYS[3], '-', '+', 'COUNT', 1)[1]
return {'begun', fence, state[1] or '0', state[2] or '', state[3] or '0', first and first[1] or ''}
`);

/** Key: sealer. Arguments: token, milliseconds; without milliseconds the turn ends. Answers 1 while the turn is the caller's. */
export const holdScript = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) else redis.call('DEL', KEYS[1]) end
return 1
`);

/**
 * Keys: state, stream. Arguments: fencing number, token, size, checkpoint. Answers `trimmed`; or without a change:
 * `lost` (somebody began after the caller), `beyond` (more is recorded as sealed), `back` (the cell's events end before
 * the size: it was put back to an earlier state).
 *
 * INVARIANT: an event leaves the stream only when a durable checkpoint covers it, and only by the last one who began.
 * The token tells turns apart where a failover lost the counter's newest value.
 */
export const trimScript = script(`
local state = redis.call('HMGET', KEYS[1], 'fence', 'sealer', 'sealed', 'sequence')
if state[1] ~= ARGV[1] or state[2] ~= ARGV[2] then return 'lost' end
local size = tonumber(ARGV[3])
if tonumber(state[3] or '0') > size then return 'beyond' end
if tonumber(state[4] or '0') < size then return 'back' end
local time = redis.call('TIME')
redis.call('XTRIM', KEYS[2], 'MINID', '=', '0-' .. string.format('%.0f', size + 1))
redis.call('HSET', KEYS[1], 'sealed', ARGV[3], 'checkpoint', ARGV[4], 'sealed-at', time[1])
return 'trimmed'
`);
