// Reads mails with nodemailer's mailparser. README.md has the form of what it prints.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

// The packages are not installed beside this file.
const require = createRequire(process.argv[2] + '/');
const { MailParser } = require('mailparser');
const libmime = require('libmime');

for (const path of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
    let mail;
    try {
        mail = await read(readFileSync(path));
    } catch (error) {
        mail = { error: String(error) };
    }
    console.log(JSON.stringify({ path, ...mail }));
}

async function read(octets) {
    const parser = new MailParser({ skipTextToHtml: true, skipHtmlToText: true });
    const attachments = [];
    parser.on('data', part => {
        if (part.type !== 'attachment') return;
        const chunks = [];
        part.content.on('data', chunk => chunks.push(chunk));
        part.content.on('end', () => {
            const type = part.headers.get('content-type');
            attachments.push({
                name: part.filename ?? null,
                // `part.contentType` is a guess from the file name where the mail says octet-stream.
                type: type.value,
                params: type.params,
                disposition: part.contentDisposition ?? null,
                cid: part.cid ?? null,
                octets: Buffer.concat(chunks).toString('base64'),
            });
            part.release();
        });
    });
    await new Promise((resolve, reject) => {
        parser.on('end', resolve);
        parser.on('error', reject);
        parser.end(octets);
    });

    const { headers, tree } = parser;
    const fields = {};
    for (const { key, line } of parser.headerLines) {
        // One character for each octet, as the parser itself keeps them.
        const value = Buffer.from(libmime.decodeHeader(line).value, 'binary').toString();
        (fields[key] ??= []).push(libmime.decodeWords(value));
    }
    const mailboxes = key =>
        [].concat(headers.get(key) ?? []).flatMap(list => list.value)
            .flatMap(box => box.group ?? [box]) // Of a group, its members.
            .map(box => [box.name, box.address]);
    return {
        error: null,
        subject: headers.get('subject') ?? ('subject' in fields ? '' : null),
        from: mailboxes('from'),
        to: mailboxes('to'),
        cc: mailboxes('cc'),
        reply_to: mailboxes('reply-to'),
        message_id: headers.get('message-id') ?? null,
        date: headers.get('date').getTime() / 1000,
        headers: fields,
        structure: structure(tree),
        text: text(tree, 'text/plain'),
        html: text(tree, 'text/html'),
        attachments,
    };
}

function structure({ contentType, children }) {
    if (!contentType.startsWith('multipart/')) return contentType;
    return `${contentType.slice('multipart/'.length)}(${children.map(structure).join(' ')})`;
}

// The text of the first part of this type that is shown and not offered as a file.
function text(node, type) {
    if (node.contentType === type && !node.isAttachment) return node.textContent ?? '';
    for (const child of node.children) {
        const found = text(child, type);
        if (found !== null) return found;
    }
    return null;
}
