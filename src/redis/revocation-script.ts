import { type Script, scriptOf } from './scripts.ts'

/**
 * KEYS: the entries (hash), the forgotten names (sorted by version), the head. ARGV: a new head, the channel, the most
 * entries, `new` or `back`, then four for each change: `r` or `f`, version, time, names. What is `new` follows on
 * everything the server has; what is written `back` counts by its version. The head changes with every change, and the
 * message tells the head before and after, so that a process knows whether it has missed one. A revocation is told with
 * the forgetting before it: without that, a process that missed it would keep the later of both times.
 *
 * Gives a text for each change: the entry as it is now, `full` or `gone` for `r`; the version, and 1 where there was an
 * entry, for `f`.
 */
export const changeScript: Script = scriptOf(`
local most, isNew = tonumber(ARGV[3]), ARGV[4] == 'new'
local lines, results = {}, {}
local function tellForgotten(version, field)
  lines[#lines + 1] = 'f ' .. string.format('%.0f', version) .. ' 0 ' .. field
end
for at = 5, #ARGV, 4 do
  local version, time, field = tonumber(ARGV[at + 1]), ARGV[at + 2], ARGV[at + 3]
  local held = redis.call('HGET', KEYS[1], field)
  local heldVersion, heldTime
  if held then heldVersion, heldTime = string.match(held, '^(%d+) (%d+)$') end
  heldVersion = tonumber(heldVersion or '-1')
  local forgotten = tonumber(redis.call('ZSCORE', KEYS[2], field) or '-1')
  local result
  if ARGV[at] == 'r' then
    if isNew and version <= forgotten then version = forgotten + 1 end
    if version < forgotten then
      result = 'gone'
    elseif not held and redis.call('HLEN', KEYS[1]) >= most then
      result = 'full'
    else
      if heldTime and tonumber(heldTime) > tonumber(time) then time = heldTime end
      result = string.format('%.0f', math.max(version, heldVersion)) .. ' ' .. time
      if result ~= held then
        redis.call('HSET', KEYS[1], field, result)
        if forgotten >= 0 then tellForgotten(forgotten, field) end
        lines[#lines + 1] = 'r ' .. result .. ' ' .. field
      end
    end
  else
    if isNew and version <= heldVersion then version = heldVersion + 1 end
    local isRemoved = held and heldVersion < version
    if isRemoved then redis.call('HDEL', KEYS[1], field) end
    if (isRemoved or time == '1') and version > forgotten then
      redis.call('ZADD', KEYS[2], string.format('%.0f', version), field)
      tellForgotten(version, field)
    end
    result = string.format('%.0f', version) .. (isRemoved and ' 1' or ' 0')
  end
  results[#results + 1] = result
end
if #lines > 0 then
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -most - 1)
  local before = redis.call('GET', KEYS[3]) or ''
  redis.call('SET', KEYS[3], ARGV[1])
  redis.call('PUBLISH', ARGV[2], before .. ' ' .. ARGV[1] .. '\\n' .. table.concat(lines, '\\n'))
end
return results
`)
