// Reads and writes objects as a session of globex: `node examples/object-store/client.mjs blue editor`. It uses the official SDK's signer and nothing else.
import { BasicCredentials, GlobalCredentials } from '@huaweicloud/huaweicloud-sdk-core';
import { HcClient } from '@huaweicloud/huaweicloud-sdk-core/HcClient.js';
import { DefaultHttpClient } from '@huaweicloud/huaweicloud-sdk-core/http/DefaultHttpClient.js';

const [team = 'blue', role = 'reader'] = process.argv.slice(2);
const sts = process.env.AGENCY_STS_ENDPOINT ?? 'http://127.0.0.1:8088';
const store = process.env.STORE ?? 'http://127.0.0.1:8099';

const clientOf = (endpoint, credentials) => new HcClient(new DefaultHttpClient({}, [endpoint])).withEndpoints([endpoint]).withCredential(credentials);

// 1. Alice of acme becomes globex's `reports`, and says for which team.
const alice = new GlobalCredentials().withAk('HPUAEXAMPLEALICE0000').withSk('example-secret-of-alice-change-it-000000').withDomainId('0000000000000000000000000000acce');
const { credentials } = await clientOf(sts, alice).sendRequest({
  method: 'POST', url: '/v5/agencies/assume', contentType: 'application/json', headers: {}, queryParams: {}, pathParams: {},
  data: { agency_urn: 'iam::0000000000000000000000000000b0b0:agency:reports', agency_session_name: 'example', tags: [{ key: 'team', value: team }, { key: 'role', value: role }] },
});

// 2. With its credentials it talks to the store.
const session = new BasicCredentials().withAk(credentials.access_key_id).withSk(credentials.secret_access_key).withSecurityToken(credentials.security_token).withProjectId('project');
// Offline takes a signature that can be verified without the secret: the SDK derives its key for a service when it is told its name.
if (process.env.SIGN_V11 === '1') session.withDerivedPredicate(() => true).processDerivedAuthParams('obs', 'globe');
const call = (method, url, data) => clientOf(store, session).sendRequest({ method, url, contentType: 'application/json', headers: {}, queryParams: {}, pathParams: {}, data })
  .then((answer) => JSON.stringify(answer), (error) => `${error.httpStatusCode ?? ''} ${error.errorCode ?? ''} ${error.errorMsg ?? error.message}`);

for (const other of ['blue', 'red']) console.log(`read the ${other} report:`, await call('GET', `/reports/${other}/2026.txt`));
console.log(`write the ${team} report:`, await call('PUT', `/reports/${team}/new.txt`, { written: true }));
