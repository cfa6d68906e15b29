import { type Markup, markup } from './markup.ts'

const observing = `const report = agentReport()
app.use(observeAgents({ issuer, resource, audit: report }))`

/** How to come to figures: what the page says while it has none. */
export function beginning(): readonly Markup[] {
  return [
    markup`<h3>How to begin</h3>`,
    markup`<ol class="steps">
<li>Put an observer beside the guard that you have. It refuses nothing.
<pre><code>${observing}</code></pre></li>
<li>Send one request, with or without a token, and load this page again. Each request counts at once.</li>
<li>Leave it there for a day. Then this page says what to change first, who calls and on whose behalf, how they prove it, and what would be refused.</li>
</ol>`,
    markup`<h3>If it stays empty: the usual causes</h3>`,
    markup`<ul class="steps">
<li>The route is registered before the observer or the guard.</li>
<li>Another process answers the requests: each has a report of its own.</li>
<li>The verifier has another report among its <code>audit</code> sinks.</li>
</ul>`,
  ]
}
