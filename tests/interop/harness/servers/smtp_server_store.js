// An smtp-server (nodemailer's) that stores each mail's octets and envelope; started with one
// JSON argument.
const fs = require('fs');
const path = require('path');
const { SMTPServer } = require('smtp-server');

const settings = JSON.parse(process.argv[2]);
const mailboxes = new Set(settings.mailboxes.map((name) => `${name}@${settings.domain}`));
let number = 0;

function refusal(code, text) {
  const error = new Error(text);
  error.responseCode = code;
  return error;
}

function right(auth, session) {
  if (auth.username !== settings.user) return false;
  if (auth.method === 'CRAM-MD5') return auth.validatePassword(settings.password);
  if (auth.method === 'XOAUTH2') return settings.tokens.includes(auth.accessToken);
  return auth.password === settings.password;
}

function onAuth(auth, session, done) {
  const accepted = right(auth, session);
  console.log(`auth ${auth.method} ${accepted ? 'accepted' : 'refused'}`);
  if (accepted) return done(null, { user: auth.username });
  if (auth.method === 'XOAUTH2') {
    return done(null, { data: { status: settings.reason, schemes: 'bearer', scope: 'mail' } });
  }
  done(refusal(535, 'Wrong user name or password'));
}

function onRcptTo(address, session, done) {
  done(mailboxes.has(address.address) ? null : refusal(550, 'No such mailbox here'));
}

function onData(stream, session, done) {
  const chunks = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  stream.on('end', () => {
    if (stream.sizeExceeded) return done(refusal(552, 'Too large'));
    const stem = path.join(settings.folder, String(number++).padStart(6, '0'));
    fs.writeFileSync(`${stem}.eml`, Buffer.concat(chunks));
    const { mailFrom, rcptTo } = session.envelope;
    // Under another name until it is whole.
    fs.writeFileSync(`${stem}.part`, JSON.stringify({
      from: mailFrom.address,
      options: mailFrom.args || {},
      recipients: rcptTo.map((recipient) => recipient.address),
      parameters: Object.fromEntries(rcptTo.map(({ address, args }) => [address, args || {}])),
    }));
    fs.renameSync(`${stem}.part`, `${stem}.json`);
    done(null, 'Stored');
  });
}

const ports = {};
const listeners = Object.entries(settings.listeners);
for (const [name, own] of listeners) {
  const server = new SMTPServer({
    name: 'mx.interop.example',
    size: settings.size,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    hideSMTPUTF8: false,
    hidePIPELINING: false,
    hideENHANCEDSTATUSCODES: false,
    hideDSN: false,
    onAuth,
    onRcptTo,
    onData,
    ...own,
  });
  server.on('error', (error) => console.log(name, error.message));
  server.listen(0, '127.0.0.1', () => {
    ports[name] = server.server.address().port;
    if (Object.keys(ports).length === listeners.length) {
      console.log('ports', JSON.stringify(ports));
    }
  });
}
