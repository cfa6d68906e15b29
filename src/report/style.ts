import { createHash } from 'node:crypto'

/** The one style of the page. It loads nothing; colours meet WCAG 2.2 AA in both schemes. */
export const pageStyle = `
:root{color-scheme:light dark;--paper:#fff;--raised:#f6f5f2;--ink:#1b1f24;--soft:#545b64;--line:#d8d5ce;--link:#0b5563;
--now:#a32a22;--soon:#855200;--next:#0b5563;--agent:#0f7285;--human:#b0622a;--service:#6a5a9c;--other:#7b7f86;--unsigned:#a32a22;--bound:#0f7285;--unbound:#b0622a}
@media screen and (prefers-color-scheme:dark){:root{--paper:#14171b;--raised:#1d2126;--ink:#e9e7e2;--soft:#a9b0b8;--line:#383e46;--link:#7cc4d1;
--now:#f0938b;--soon:#e0b062;--next:#7cc4d1;--agent:#3fa3b5;--human:#d98b52;--service:#9c8cd0;--other:#8c939c;--unsigned:#e2736a;--bound:#3fa3b5;--unbound:#d98b52}}
*{box-sizing:border-box}
html{font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);overflow-wrap:anywhere}
.sheet{max-width:52.5rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
a{color:var(--link);text-underline-offset:.2em}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-999rem}
.skip:focus{position:static}
h1,h2,h3,p,dl,dd,figure,ol,ul{margin:0;padding:0}
h1{font-size:1.75rem;line-height:1.2;letter-spacing:-.015em;font-weight:650}
h2{font-size:1.25rem;line-height:1.3;letter-spacing:-.01em;font-weight:650}
h3{font-size:1rem;line-height:1.4;font-weight:650}
h1,h2{text-wrap:balance}h3,p,dd{text-wrap:pretty}
.eyebrow,.soft,caption,figcaption,dt{color:var(--soft)}
.eyebrow{font-size:.875rem;margin-bottom:.25rem}
.soft,figcaption{font-size:.875rem}
header .soft{margin-top:.5rem;font-size:.9375rem}
.totals{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:1rem 1.5rem;margin-top:1.5rem;padding:1rem 0;border-block:1px solid var(--line)}
.totals div{display:flex;flex-direction:column-reverse}
.totals dd{font-size:1.5rem;line-height:1.25;font-weight:600;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
.totals dt{font-size:.8125rem}.totals small{font-size:.8125rem;font-weight:400;letter-spacing:0;color:var(--soft);white-space:nowrap}
nav{margin-top:1rem;font-size:.875rem}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem}
nav a{display:inline-block;padding:.25rem 0;text-decoration:none}nav a:hover{text-decoration:underline}
section{margin-top:3rem}
section>h2{padding-bottom:.4rem;border-bottom:2px solid var(--ink)}
section>p,section>div,section>figure,section>table,section>details,section>ol,section>ul{margin-top:1rem}
section>h3{margin-top:1.75rem}
section>h3+*{margin-top:.5rem}
.lead{max-width:44rem}
.steps{max-width:44rem;padding-left:1.25rem;display:grid;gap:.5rem}.steps li::marker{color:var(--soft)}
pre{margin:.5rem 0;padding:.75rem .875rem;background:var(--raised);border:1px solid var(--line);border-radius:.25rem;white-space:pre-wrap}
.advice{list-style:none;display:grid;gap:1rem}
.advice li{padding:1rem 1.125rem;border:1px solid var(--line);border-left:.3125rem solid var(--next);border-radius:.25rem;background:var(--raised)}
.advice .now{border-left-color:var(--now)}
.advice .soon{border-left-color:var(--soon)}
.advice h3{margin:.125rem 0 .375rem}
.urgency{font-size:.8125rem;font-weight:650;color:var(--next)}
.now .urgency{color:var(--now)}
.soon .urgency{color:var(--soon)}
.advice dl{display:grid;grid-template-columns:6rem 1fr;gap:.25rem .875rem;margin-top:.625rem;font-size:.875rem}
code,bdi.name{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.875em}
.code{overflow-wrap:normal}
bdi{unicode-bidi:isolate}
.kind{color:var(--soft);font-size:.8125rem;margin-left:.375rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.875rem;line-height:1.45}
caption{text-align:left;font-size:.875rem;padding-bottom:.375rem}
th,td{padding:.375rem .75rem .375rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th:last-child,td:last-child{padding-right:0}
thead th{font-weight:600;color:var(--soft);font-size:.8125rem;border-bottom-color:var(--soft);vertical-align:bottom}
tbody th{font-weight:450}
.cured th,.cured td{border-bottom:0;padding-bottom:0}
.cure td{padding-top:.125rem;padding-bottom:.625rem}.cure .small{margin-top:.125rem}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;overflow-wrap:normal}
thead .number{width:6.5rem}.wide .number{width:auto}
.wide{min-width:34rem}
.small{display:block;color:var(--soft);font-size:.8125rem}
figure svg{display:block;width:100%}
.chart{height:9rem;border-bottom:1px solid var(--soft)}
.low{height:5rem}
.axis{display:flex;justify-content:space-between;gap:.5rem;font-size:.75rem;color:var(--soft);font-variant-numeric:tabular-nums;margin-top:.25rem}
.peak{font-size:.75rem;color:var(--soft);margin-bottom:.25rem}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.125rem;font-size:.8125rem;margin-top:.625rem}
.legend svg{display:inline-block;width:.75rem;height:.75rem;margin-right:.4rem}
.bar{display:block;width:100%;height:.375rem;margin-top:.25rem}
.agent{fill:var(--agent)}.human{fill:var(--human)}.service{fill:var(--service)}.other{fill:var(--other)}.unsigned{fill:var(--unsigned)}.api{fill:var(--ink)}.bound{fill:var(--bound)}.unbound{fill:var(--unbound)}.track{fill:var(--line)}
.band{fill-opacity:.24}.from-agent{fill:var(--agent)}.from-human{fill:var(--human)}.from-service{fill:var(--service)}.from-other{fill:var(--other)}
@media screen and (prefers-color-scheme:dark){.band{fill-opacity:.36}}
.graph text{fill:var(--ink);font-family:inherit;paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}
.graph .count{fill:var(--soft)}
.narrow{display:none!important}
details summary{cursor:pointer;font-size:.875rem;color:var(--link);padding:.25rem 0}
details[open] summary{margin-bottom:.5rem}
.note{padding:.625rem .875rem;border-left:.1875rem solid var(--soon);background:var(--raised);font-size:.875rem}
footer{margin-top:3.5rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.8125rem}
@media (max-width:40rem){.sheet{padding:1.5rem 1rem 3rem}h1{font-size:1.5rem}section{margin-top:2.5rem}.narrow{display:block!important}.broad{display:none!important}
.advice dl{grid-template-columns:1fr;gap:0}.advice dd+dt{margin-top:.375rem}.totals{grid-template-columns:1fr 1fr}thead .number{width:auto}}
@media print{html{font-size:10.5pt}.sheet{max-width:none;padding:0}nav,.skip,.series{display:none}section{margin-top:2rem}h2,h3,caption,thead{break-after:avoid}li,tr,figure,.totals{break-inside:avoid}a{color:inherit;text-decoration:none}
.scroll{overflow:visible}details>summary{display:none}details::details-content{content-visibility:visible;display:block;height:auto}svg,.advice li,.note{print-color-adjust:exact;-webkit-print-color-adjust:exact}@page{margin:16mm 14mm}}
@media (forced-colors:active){.agent,.human,.service,.other,.unsigned,.bound,.unbound,.band{forced-color-adjust:none}}
`

/** Nothing but this style may be loaded or run, wherever the page is kept. */
export const pagePolicy: string = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(pageStyle).digest('base64')}'; base-uri 'none'; form-action 'none'`
