/** The health check of the container: `node dist-examples/deployment/probe.js /readyz` ends with 0 where the answer is 200. */
const { PORT } = process.env
const [, , path] = process.argv
const answer = await fetch(`http://127.0.0.1:${PORT}${path}`)
if (!answer.ok) process.exitCode = 1
