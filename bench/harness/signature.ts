// What one Ed25519 signature costs at the moment: a process of its own that signs when it is asked, the yardstick of the yardstick.
import { generateKeyPairSync, sign } from 'node:crypto';

const signatures = 400;
const { privateKey } = generateKeyPairSync('ed25519');
/** As long as the signing input of a security token. */
const input = Buffer.alloc(900, 'x');

process.on('message', () => {
  const before = process.cpuUsage();
  for (let count = 0; count < signatures; count += 1) sign(null, input, privateKey);
  const { user, system } = process.cpuUsage(before);
  process.send?.((user + system) / signatures);
});
process.on('disconnect', () => process.exit());
