// A small object store: who may read or write which object is decided by the policies of the accounts, not here.
import express from 'express';
import { expressGuard } from 'agency-sts/verify';

/** Buckets have an owner. In a real store this stands in its own database. */
const owners = new Map([['reports', '0000000000000000000000000000b0b0']]);

/**
 * `obs:<region>:<owner>:object:<bucket>/<key>`; the region is left out. The owner is always there: in a URN without one
 * nobody can tell another account's objects from one's own.
 */
const objectUrn = ({ params: { bucket, key } }) => `obs::${owners.get(bucket)}:object:${bucket}/${key.join('/')}`;

/** Stands before the guard. A bucket or a part of a key with a slash in it would be the name of another object. */
function knownBucket({ params: { bucket, key } }, response, next) {
  if (owners.has(bucket) && [bucket, ...key].every((part) => part !== '' && !part.includes('/'))) next();
  else response.status(404).json({ error_code: 'not_found', error_msg: 'there is no such bucket, or no object can have this key' });
}

export function objectStore(verifier) {
  const objects = new Map([
    ['reports/blue/2026.txt', Buffer.from('the blue report\n')],
    ['reports/red/2026.txt', Buffer.from('the red report\n')],
  ]);
  const requireAction = expressGuard(verifier);
  const app = express();
  app.disable('x-powered-by');

  app.get('/:bucket/*key', knownBucket, requireAction('obs:object:GetObject', objectUrn), ({ params: { bucket, key } }, response) => {
    const object = objects.get(`${bucket}/${key.join('/')}`);
    if (object === undefined) response.status(404).json({ error_code: 'not_found', error_msg: 'there is no such object' });
    else response.type('application/octet-stream').send(object);
  });

  app.put('/:bucket/*key', knownBucket, requireAction('obs:object:PutObject', objectUrn), ({ params: { bucket, key }, rawBody }, response) => {
    objects.set(`${bucket}/${key.join('/')}`, rawBody);
    const { urn, sourceIdentity, rootPrincipal } = response.locals.principal;
    response.status(201).json({ written_by: urn, on_behalf_of: sourceIdentity ?? rootPrincipal });
  });

  return app;
}
