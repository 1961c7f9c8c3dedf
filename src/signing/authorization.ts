// The Authorization header: its grammar and the form of the signature in it.
import { algorithmProperties, supportedAlgorithm } from './algorithms.js';
import { isDerSignature } from './der.js';
import { quote, refuse, type Refused, type SignatureAlgorithm, type SignatureScope } from './types.js';

export interface Authorization {
  readonly algorithm: SignatureAlgorithm;
  readonly accessKeyId: string;
  readonly scope: SignatureScope | undefined;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const maximumLength = 2000;
const maximumAccessKeyIdLength = 128;
const maximumSignedHeaders = 64;

const grammar =
  /^(SDK-HMAC-SHA256|V11-HMAC-SHA256|SDK-ECDSA-P256-SHA256|SDK-HMAC-SM3|SDK-SM2-SM3) (?:Access=([^,\s/]+)|Credential=([^,\s/]+)\/(\d{8})\/([^,\s/]+)\/([^,\s/]+)), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]+)$/;
const knownNames = /^(?:SDK-HMAC-SHA256|V11-HMAC-SHA256|SDK-ECDSA-P256-SHA256|SDK-HMAC-SM3|SDK-SM2-SM3)(?![\w-])/;

/** The access key id that an Authorization value claims, of any form; empty without one. Proved by nothing. */
export const claimedAccessKeyId = (authorization: string): string => /(?:Access|Credential)=([A-Za-z0-9]{1,64})/.exec(authorization)?.[1] ?? '';

/**
 * What stands before the signature, by its text: a client signs the same headers with the same key each time, and to
 * read that anew takes a microsecond.
 */
const knownBeginnings = new Map<string, Authorization>();
const mostBeginnings = 1000;
const longestBeginning = 400;
const hmacDigits = 64;
const hmacForm = /^[0-9a-f]{64}$/;

/** Reads an Authorization value (request signatures §3); bounded work for any input. */
export function parseAuthorization(text: string): Authorization | Refused {
  const beginning = text.slice(0, -hmacDigits);
  const known = knownBeginnings.get(beginning);
  const end = text.slice(-hmacDigits);
  if (known !== undefined && hmacForm.test(end)) {
    const { algorithm, accessKeyId, scope, signedHeaders } = known;
    return { algorithm, accessKeyId, scope, signedHeaders, signature: end };
  }
  const read = readAuthorization(text);
  // An ECDSA signature has a form of its own, which must be looked at each time.
  if (!('refusal' in read) && algorithmProperties(read.algorithm).kind !== 'ecdsa' && beginning.endsWith('Signature=') && beginning.length <= longestBeginning) {
    if (knownBeginnings.size >= mostBeginnings) knownBeginnings.clear();
    knownBeginnings.set(beginning, read);
  }
  return read;
}

function readAuthorization(text: string): Authorization | Refused {
  if (text.length > maximumLength)
    return refuse('authorization_malformed', `Authorization is longer than ${maximumLength} characters`);
  const match = /^[ -~]*$/.test(text) ? grammar.exec(text) : null;
  if (match === null) {
    const name = text.split(' ', 1)[0] ?? '';
    return knownNames.test(text) || name === ''
      ? refuse(
          'authorization_malformed',
          'Authorization must be `<algorithm> Access=<access key id>, SignedHeaders=<names>, Signature=<lower-case hex>`',
        )
      : refuse('algorithm_unsupported', `algorithm ${quote(name)} is not supported`);
  }
  // The groups of the alternative not taken are undefined, which the type of RegExpExecArray hides.
  const [, name = '', access, credential, day = '', region = '', service = '', names = '', signature = ''] =
    match as readonly (string | undefined)[];
  const algorithm = supportedAlgorithm(name);
  if (algorithm === undefined) return refuse('algorithm_unsupported', `algorithm ${quote(name)} is not supported`);

  const { kind } = algorithmProperties(algorithm);
  const accessKeyId = kind === 'derived' ? credential : access;
  if (accessKeyId === undefined) {
    return refuse(
      'authorization_malformed',
      `algorithm \`${algorithm}\` takes \`${kind === 'derived' ? 'Credential=' : 'Access='}\``,
    );
  }
  if (accessKeyId.length > maximumAccessKeyIdLength) {
    return refuse('authorization_malformed', `access key id is longer than ${maximumAccessKeyIdLength} characters`);
  }
  const known = knownNameLists.get(names);
  const signedHeaders = known ?? names.split(';');
  const namesRefused = known === undefined ? checkNames(names, signedHeaders) : undefined;
  if (namesRefused) return namesRefused;
  if (kind === 'ecdsa' ? !isDerSignature(signature) : signature.length !== 64) {
    return refuse(
      'signature_malformed',
      kind === 'ecdsa'
        ? 'signature must be the DER form of (r, s) in lower-case hex'
        : 'signature must be 64 hex digits',
    );
  }
  return {
    algorithm,
    accessKeyId,
    scope: kind === 'derived' ? { day, region, service } : undefined,
    signedHeaders,
    signature,
  };
}

/** Lists that were found good: a client signs the same headers each time. */
const knownNameLists = new Map<string, readonly string[]>();
const mostNameLists = 1000;
const longestNameList = 200;

function checkNames(text: string, names: readonly string[]): Refused | undefined {
  if (names.length > maximumSignedHeaders)
    return refuse('authorization_malformed', `SignedHeaders lists more than ${maximumSignedHeaders} names`);
  if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+(?:;[!#$%&'*+\-.^_`|~0-9a-z]+)*$/.test(text)) {
    return refuse('authorization_malformed', 'SignedHeaders must be lower-case header names joined with `;`');
  }
  for (let index = 1; index < names.length; index += 1) {
    const name = names[index] ?? '';
    if (names.indexOf(name) < index) return refuse('authorization_malformed', `SignedHeaders repeats ${quote(name)}`);
  }
  if (knownNameLists.size < mostNameLists && text.length <= longestNameList) knownNameLists.set(text, names);
  return undefined;
}
