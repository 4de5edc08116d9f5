-- Rotates a refresh token atomically, as gateway.Sessions.Rotate documents.
-- KEYS: presented token, successor token.
-- ARGV: successor's hash, presented's hash, wanted session or "", now, grace,
--       life (ms each), prefix of session keys.
-- The script builds session keys, so the server must not be in cluster mode.
local presented = redis.call('HMGET', KEYS[1], 'session', 'rotated')
local id = presented[1]
if not id or (ARGV[3] ~= '' and ARGV[3] ~= id) then return {'ended'} end
local session = ARGV[7] .. id
local family = redis.call('HMGET', session, 'user', 'live')
if not family[1] then return {'ended'} end
if family[2] == ARGV[2] then
  redis.call('HSET', KEYS[1], 'rotated', ARGV[4])
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
  redis.call('HSET', session, 'live', ARGV[1])
  redis.call('PEXPIRE', session, ARGV[6])
  redis.call('HSET', KEYS[2], 'session', id)
  redis.call('PEXPIRE', KEYS[2], ARGV[6])
elseif tonumber(ARGV[4]) - tonumber(presented[2] or '0') >= tonumber(ARGV[5]) then
  redis.call('DEL', session)
  return {'reused'}
end
return {'ok', id, family[1]}
