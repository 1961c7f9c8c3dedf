// Runs the object store: `node examples/object-store/server.mjs online` (or `offline`).
import { createVerifier } from 'agency-sts/verify';
import { objectStore } from './store.mjs';

const mode = process.argv[2] ?? 'online';
const endpoint = process.env.AGENCY_STS_ENDPOINT ?? 'http://127.0.0.1:8088';

/** `STS_ISSUER` of the token service, which is what its tokens have to name. */
const issuer = process.env.AGENCY_STS_ISSUER ?? endpoint;

const port = Number(process.env.PORT ?? 8099);
const verifier = createVerifier({
  mode, issuer, endpoint, service: 'obs',
  // What clients call it: a request that was signed for another host is refused.
  hosts: process.env.STORE_HOSTS?.split(',') ?? [`127.0.0.1:${port}`, `localhost:${port}`],
  // The key of the registered service `service.OBS`, from bootstrap.json.
  credentials: { accessKeyId: 'HPUAEXAMPLESTORE0000', secretAccessKey: 'example-secret-of-store-change-it-000000' },
});
objectStore(verifier).listen(port, '127.0.0.1', () => console.log(`object store on http://127.0.0.1:${port}, verifying ${mode}`));
