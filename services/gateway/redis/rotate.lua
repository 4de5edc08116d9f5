-- Rotates a refresh token atomically, by the rules of gateway.Sessions.Rotate.
-- KEYS: presented token, successor token.
-- ARGV: successor's hash, wanted session or "", now, grace, life (ms each), prefix
--       of session keys.
-- A token's "rotated" is when it was first presented. Gateways of the previous
-- version read a session's "live" too.
-- The script builds session keys, so the server must not be in cluster mode.
local presented = redis.call('HMGET', KEYS[1], 'session', 'rotated')
local id = presented[1]
if not id or (ARGV[2] ~= '' and ARGV[2] ~= id) then return {'ended'} end -- rule 1
local session = ARGV[6] .. id
local user = redis.call('HGET', session, 'user')
if not user then return {'ended'} end
if not presented[2] then -- rule 2
  redis.call('HSET', KEYS[1], 'rotated', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
  redis.call('HSET', session, 'live', ARGV[1])
  redis.call('PEXPIRE', session, ARGV[5])
  redis.call('HSET', KEYS[2], 'session', id)
  redis.call('PEXPIRE', KEYS[2], ARGV[5])
  return {'ok', id, user}
end
local successor = redis.call('HMGET', KEYS[2], 'session', 'rotated')
if not successor[1] then return {'ended'} end
if successor[2] and tonumber(ARGV[3]) - tonumber(successor[2]) >= tonumber(ARGV[4]) then -- rule 5
  redis.call('DEL', session)
  return {'reused'}
end
return {'ok', id, user} -- rules 3 and 4
