import { runHardwareAgent } from './run.ts'

/**
 * An agent whose key stays in a PKCS #11 token. Without ISSUER it prints the public key to register, and ends.
 *
 *     PKCS11_MODULE=/usr/lib/softhsm/libsofthsm2.so TOKEN_LABEL=agents TOKEN_PIN=… \
 *       ISSUER=http://127.0.0.1:9000 CLIENT_ID=travel-7 RESOURCE=http://127.0.0.1:9100 \
 *       API_URL=http://127.0.0.1:9100/tools node dist-examples/hardware-agent/main.js
 */
process.exitCode = await runHardwareAgent(process.env, (line) => process.stdout.write(`${line}\n`))
