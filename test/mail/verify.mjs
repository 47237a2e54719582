// verify.mjs NAME TEXT < MESSAGE checks the DKIM signature of a message, as a receiver does, against the one record that DNS is said to
// hold, and prints what came out as JSON: {"result", "domain", "signed": [headers]}.
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { buffer } from 'node:stream/consumers';

const [name, text] = process.argv.slice(2);

async function resolver(asked, type) {
	if (asked !== name || type !== 'TXT') {
		throw Object.assign(new Error(`nothing known of ${type} ${asked}`), { code: 'ENOTFOUND' });
	}
	return [[text.slice(0, 255), text.slice(255)]]; // as DNS keeps long texts
}

const { results } = await dkimVerify(await buffer(process.stdin), { resolver });
const [first] = results;
console.log(JSON.stringify({
	result: first?.status.result ?? 'none',
	domain: first?.signingDomain ?? '',
	signed: (first?.signingHeaders?.keys ?? '').toLowerCase().split(/\s*:\s*/),
}));
