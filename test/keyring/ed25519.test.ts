// Whichever library signs, a key gives one signature.
import { createPublicKey, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ed25519Signer, loadSodium, type Sodium } from '../../src/keyring/ed25519.js';

const { sodium } = loadSodium();
/** As the package says; of Linux those with the GNU library. */
const hasBinary = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64', 'win32-arm64'].includes(`${process.platform}-${process.arch}`) && !isMusl();

function isMusl(): boolean {
  const { header }: { readonly header?: { readonly glibcVersionRuntime?: string } } = process.report.getReport();
  return process.platform === 'linux' && header?.glibcVersionRuntime === undefined;
}
const lengths = [0, 1, 63, 64, 65, 900, 70_000];

const installed = (): Sodium => {
  if (sodium === undefined) throw new Error('sodium-native is not installed');
  return sodium;
};

it.runIf(hasBinary)('libsodium is there where it has a binary', () => {
  expect(loadSodium()).not.toHaveProperty('reason');
});

describe.runIf(sodium !== undefined)('with libsodium', () => {
  it.each(lengths)('a message of %i bytes gets the signature that OpenSSL gives it', (length) => {
    const signEd25519 = ed25519Signer(installed());
    for (let count = 0; count < 20; count += 1) {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      const message = randomBytes(length);
      const signature = signEd25519(message, privateKey);
      expect(signature.equals(sign(null, message, privateKey))).toBe(true);
      expect(verify(null, message, publicKey, signature)).toBe(true);
    }
  });

  it('each key signs for itself, in any order', () => {
    const signEd25519 = ed25519Signer(installed());
    const keys = Array.from({ length: 3 }, () => generateKeyPairSync('ed25519').privateKey);
    for (const key of [...keys, ...keys].reverse()) {
      expect(verify(null, Buffer.from('text'), createPublicKey(key), signEd25519(Buffer.from('text'), key))).toBe(true);
    }
  });

  it('a library that signs otherwise signs nothing', () => {
    const other: Sodium = { ...installed(), crypto_sign_detached: (signature) => void signature.fill(1) };
    expect(() => ed25519Signer(other)(Buffer.from('text'), generateKeyPairSync('ed25519').privateKey)).toThrow('libsodium and OpenSSL sign differently with the same key');
  });
});

it('without libsodium OpenSSL signs', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  expect(verify(null, Buffer.from('text'), publicKey, ed25519Signer(undefined)(Buffer.from('text'), privateKey))).toBe(true);
});
