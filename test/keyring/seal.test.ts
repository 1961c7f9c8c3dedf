// Sealed values, authenticated records and derived secrets: each is bound to its place, and none opens when anything of it was changed.
import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accessKeyPlace, mfaSeedPlace } from '../../src/directory/entities.js';
import { authenticateRecord, openRecord, TamperedRecordError } from '../../src/keyring/authenticate.js';
import { keyringOf } from '../../src/keyring/keyring.js';
import { open, seal, type Place } from '../../src/keyring/seal.js';
import { deriveSessionSecret } from '../../src/keyring/session-secret.js';
import { newSessionId } from '../../src/urn/ids.js';
import { freshKey, freshKeys, random } from './support.js';

const ring = keyringOf(freshKeys());
const keys = ring['secret-sealing'];
const place = accessKeyPlace('a'.repeat(32), 'user-1', 'HPUAALICE00000000000');
const secret = Buffer.from('the secret of alice');

/** Every place that differs from this one in one part, in its length, or in where its parts are cut. */
function otherPlaces(of: Place): Place[] {
  const changed = of.flatMap((part, index) => [`${part}x`, part.slice(1), '', part.toUpperCase() === part ? part.toLowerCase() : part.toUpperCase()].map((other) => of.with(index, other)));
  return [...changed, [...of].reverse(), [...of, ''], of.slice(1), of.slice(0, -1), [of.join('')], [of.join(',')], [of.join('","')], [], [`${of[0] ?? ''}","${of[1] ?? ''}`, ...of.slice(2)]];
}

describe('a sealed value', () => {
  const sealed = seal(keys, place, secret, random);

  it('opens in its place', () => {
    expect(open(keys, place, sealed)).toEqual(secret);
  });

  it('opens whatever bytes it held, also none', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), fc.array(fc.string({ unit: 'binary' })), (bytes, parts) => {
      expect(open(keys, parts, seal(keys, parts, Buffer.from(bytes), random))).toEqual(Buffer.from(bytes));
    }));
  });

  it('is bound to every part of its place', () => {
    for (const other of otherPlaces(place)) expect(open(keys, other, sealed), JSON.stringify(other)).toBeUndefined();
  });

  it('of an access key is none of an MFA device', () => {
    expect(open(keys, mfaSeedPlace('a'.repeat(32), 'user-1', 'HPUAALICE00000000000'), sealed)).toBeUndefined();
  });

  it('is bound to its key: the same bytes under the id of another key do not open', () => {
    const other = freshKey('secret-sealing');
    const both = { active: keys.active, byId: new Map([[keys.active.id, keys.active], [other.id, other], ['alias', { ...keys.active, id: 'alias' }]]) };
    expect(open(both, place, sealed)).toEqual(secret);
    expect(open(both, place, sealed.replace(keys.active.id, other.id))).toBeUndefined();
    expect(open(both, place, sealed.replace(keys.active.id, 'alias'))).toBeUndefined();
    expect(open(ring['message-sealing'], place, sealed)).toBeUndefined();
  });

  it('with any character changed, left out or put in does not open', () => {
    fc.assert(fc.property(fc.nat(sealed.length), fc.constantFrom(0, 1), fc.constantFrom('', ...Array.from('AZaz09-_.=+/ \n')), (at, removed, character) => {
      const bent = `${sealed.slice(0, at)}${character}${sealed.slice(at + removed)}`;
      if (bent !== sealed) expect(open(keys, place, bent)).toBeUndefined();
    }), { numRuns: 1000 });
  });

  it('of any other text is nothing', () => {
    for (const text of ['', '.', '..', 'x', keys.active.id, `${keys.active.id}.`, `.${sealed}`, `__proto__.${'A'.repeat(60)}`, `${keys.active.id}.${'A'.repeat(37)}`]) expect(open(keys, place, text)).toBeUndefined();
  });

  it('is another text each time', () => {
    expect(new Set(Array.from({ length: 100 }, () => seal(keys, place, secret, random))).size).toBe(100);
  });
});

describe('an authenticated record', () => {
  const records = ring['record-authentication'];
  const at = ['session', `HST${'A'.repeat(17)}`];
  const content = '[1,"a.b",{"c":"é"}]';
  const record = authenticateRecord(records, at, content);
  const opened = (where: Place, text: string): string => openRecord(records, where, text);

  it('gives its content in its place, whatever the content', () => {
    expect(opened(at, record)).toBe(content);
    fc.assert(fc.property(fc.string(), (text) => {
      expect(opened(at, authenticateRecord(records, at, text))).toBe(text);
    }));
  });

  it('moved to any other place is noticed', () => {
    for (const other of otherPlaces(at)) expect(() => opened(other, record), JSON.stringify(other)).toThrow(TamperedRecordError);
  });

  it('cannot pass its place into its content, nor its content into its place', () => {
    const shifted = authenticateRecord(records, ['a'], 'b');
    for (const [where, text] of [[[], 'ab'], [['a', 'b'], ''], [['ab'], '']] as const) expect(() => opened(where, shifted.replace(/b$/, text))).toThrow(TamperedRecordError);
  });

  it('with any character changed, left out or put in is noticed', () => {
    fc.assert(fc.property(fc.nat(record.length), fc.constantFrom(0, 1), fc.constantFrom('', ...Array.from('AZaz09-_.=+/ \n')), (index, removed, character) => {
      const bent = `${record.slice(0, index)}${character}${record.slice(index + removed)}`;
      if (bent !== record) expect(() => opened(at, bent)).toThrow(TamperedRecordError);
    }), { numRuns: 1000 });
  });

  it('of any other text is noticed, and the error shows its place alone', () => {
    for (const text of ['', '.', '..', content, `${records.active.id}.`, `${records.active.id}..${content}`, `unknown.${record.slice(record.indexOf('.') + 1)}`, `__proto__.${'A'.repeat(22)}.x`]) {
      expect(() => opened(at, text)).toThrow(`the stored record \`session/HST${'A'.repeat(17)}\` was changed or moved outside the service`);
    }
  });

  it('of a key that is no longer in the ring is noticed', () => {
    expect(() => openRecord(keyringOf(freshKeys())['record-authentication'], at, record)).toThrow(TamperedRecordError);
  });
});

describe('the secret of a session', () => {
  const key = ring['session-secrets'].active;
  const sessionId = `HST${'A'.repeat(17)}`;

  it('has 40 characters that every SDK takes, and is always the same', () => {
    for (let count = 0; count < 200; count += 1) {
      const id = newSessionId(count, random);
      expect(deriveSessionSecret(key, id)).toMatch(/^[A-Za-z0-9_-]{40}$/);
      expect(deriveSessionSecret(key, id)).toBe(deriveSessionSecret(key, id));
    }
  });

  it('is another one for another session and for another key', () => {
    const ids = Array.from({ length: 1000 }, () => newSessionId(0, random));
    expect(new Set(ids.map((id) => deriveSessionSecret(key, id))).size).toBe(new Set(ids).size);
    expect(deriveSessionSecret(freshKey('session-secrets'), sessionId)).not.toBe(deriveSessionSecret(key, sessionId));
  });

  it('is what it was when sessions were made with it: changing the derivation ends all sessions', () => {
    const fixed = { ...key, key: createSecretKey(Buffer.from(Array.from({ length: 32 }, (_value, index) => index))) };
    expect(deriveSessionSecret(fixed, sessionId)).toBe('1tWXUbj_tOmOJlNGpRjK0UWbVwUNSk4ofO29oKpO');
  });
});
