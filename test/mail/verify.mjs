// verify.mjs checks the DKIM signatures of messages, as a receiver does, against the one record that DNS is said to hold for each. It reads
// and prints JSON: [{"name", "record", "message"}] becomes [{"result", "domain", "signed": [headers]}].
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { json } from 'node:stream/consumers';

const out = [];
for (const { name, record, message } of await json(process.stdin)) {
	const resolver = async (asked, type) => {
		if (asked !== name || type !== 'TXT') {
			throw Object.assign(new Error(`nothing known of ${type} ${asked}`), { code: 'ENOTFOUND' });
		}
		return [[record.slice(0, 255), record.slice(255)]]; // as DNS keeps long texts
	};
	const { results: [first] } = await dkimVerify(Buffer.from(message), { resolver });
	out.push({
		result: first?.status.result ?? 'none',
		domain: first?.signingDomain ?? '',
		signed: (first?.signingHeaders?.keys ?? '').toLowerCase().split(/\s*:\s*/),
	});
}
console.log(JSON.stringify(out));
