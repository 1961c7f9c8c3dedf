// The V11 key of one access key, day and region in the name of a registered service: it verifies, and could sign, requests to that service alone.
import { z } from 'zod';
import { seconds } from '../base/clock.js';
import { maximumSkewSeconds } from './authenticate.js';
import { principal, principalAnswer } from './authorize-answer.js';
import type { ForwardedRequest } from './authorize-input.js';
import type { Caller } from './caller.js';
import type { Signer } from './forwarded-request.js';
import type { CallContext, Outcome } from './outcome.js';
import { handOut } from './presented.js';
import type { Services } from './services.js';

export const derivedKeyAnswer = z.object({
  granted: z.boolean().describe('false: nobody could be identified, or the request is not signed with V11-HMAC-SHA256, or nothing is handed out about its key'),
  derived_key: z.object({
    access_key_id: z.string(), scope: z.string().describe('`YYYYMMDD/region/service`'), key: z.string().describe('64 lower-case hexadecimal characters, used as text'),
    expires_at: z.string().describe('RFC 3339: until then the key may be kept'),
    expires_in: z.number().int().describe('and for so many seconds at most after it was asked for, whatever any clock says'),
  }).optional(),
  principal: principal.optional(),
});
type Answer = z.infer<typeof derivedKeyAnswer>;
type Content = Omit<Answer, 'granted'>;

/** INVARIANT: the scope names the asking service, which is none whose name is accepted here. */
export function derivedKey(services: Services, caller: Caller, request: Omit<ForwardedRequest, 'questions'>, call: CallContext): Promise<Outcome<Answer>> {
  return handOut(services, caller, request, { what: 'derived key', make: (signer) => keyOf(services, signer, call) }, call);
}

function keyOf({ settings }: Services, signer: Signer, { now }: CallContext): Content | undefined {
  const { signature: { scope }, verificationKey, accessKeyId } = signer;
  if (scope === undefined || verificationKey === undefined || (signer.kind === 'user' && !settings.derivePermanentKeys)) return undefined;
  const text = `${scope.day}/${scope.region}/${scope.service}`;
  const key = verificationKey.scopeKey(text);
  if (key === undefined) return undefined;
  // A request may be signed until the end of its day, and is good for the skew window after that.
  const endOfDay = Date.parse(`${scope.day.slice(0, 4)}-${scope.day.slice(4, 6)}-${scope.day.slice(6, 8)}T00:00:00Z`) / 1000 + 86_400 + maximumSkewSeconds;
  // Whether a permanent key is still good is in no list: its derived key is asked for anew as often as a list would be.
  const until = Math.min(endOfDay, signer.kind === 'user' ? Math.min(seconds(now) + settings.statusListLifeSeconds, signer.temporary?.expiresAt ?? Infinity) : signer.session.expiresAt);
  return {
    derived_key: { access_key_id: accessKeyId, scope: text, key: key.export().toString('utf8'), expires_at: new Date(until * 1000).toISOString(), expires_in: until - seconds(now) },
    principal: principalAnswer(signer),
  };
}
