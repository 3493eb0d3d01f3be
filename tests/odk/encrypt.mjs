// Encrypts a submission as ODK's specification says, with Node's own cryptography: what the tests of decryption open.
//   node encrypt.mjs SUBMISSION.xml FOLDER PUBLIC.pem FORM VERSION INSTANCE_ID [MEDIA...]
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const [, , submission, folder, publicKey, form, version, instance, ...media] = process.argv;
const key = crypto.randomBytes(32);
const lock = (bytes) => crypto.publicEncrypt(
  { key: fs.readFileSync(publicKey), padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, bytes).toString('base64');
const md5 = (bytes) => crypto.createHash('md5').update(bytes);

const start = md5(Buffer.concat([Buffer.from(instance), key])).digest();
const locked = lock(key);
const lines = [form, ...(version ? [version] : []), locked, instance];
let count = 0;

function seal(file, name) {
  const bytes = fs.readFileSync(file), pad = 16 - (bytes.length % 16);
  start[count++ % 16]++;
  const cipher = crypto.createCipheriv('aes-256-cfb', key, start).setAutoPadding(false);
  fs.writeFileSync(path.join(folder, `${name}.enc`), Buffer.concat([cipher.update(Buffer.concat([bytes, Buffer.alloc(pad, pad)])), cipher.final()]));
  lines.push(`${name}::${md5(bytes).digest('hex')}`);
}

for (const file of media) seal(file, path.basename(file));
seal(submission, 'submission.xml');
const signature = lock(md5(lines.map((line) => `${line}\n`).join('')).digest());
fs.writeFileSync(path.join(folder, 'manifest.xml'),
  `<data xmlns="http://opendatakit.org/submissions" encrypted="yes" id="${form}"${version ? ` version="${version}"` : ''}>` +
  `<base64EncryptedKey>${locked}</base64EncryptedKey><orx:meta xmlns:orx="http://openrosa.org/xforms"><orx:instanceID>${instance}</orx:instanceID></orx:meta>` +
  media.map((file) => `<media><file>${path.basename(file)}.enc</file></media>`).join('') +
  `<encryptedXmlFile>submission.xml.enc</encryptedXmlFile><base64EncryptedElementSignature>${signature}</base64EncryptedElementSignature></data>`);
