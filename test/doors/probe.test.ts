import { test } from 'vitest'
import { doors } from './doors/all.ts'
import { createKit, resource } from './kit.ts'
import { see } from './seen.ts'
test('probe', async () => {
  const kit = await createKit()
  const shots = {
    zz: await kit.shot({ target: '/any/%zz' }),
    zzNone: { method: 'GET', target: '/any/%zz', fields: [] },
    badutf: await kit.shot({ target: '/any/%ff' }),
    badutfNone: { method: 'GET', target: '/any/%ff', fields: [] },
    frag: await kit.shot({ target: '/any/a#b', url: resource + '/any/a' }),
    latin: await kit.shot({ target: '/any/\xe9', proof: { claims: { htu: resource + '/any/\xe9' } } }),
    pipe: await kit.shot({ target: '/any/{a}|b', proof: { claims: { htu: resource + '/any/{a}|b' } } }),
    pipeEnc: await kit.shot({ target: '/any/{a}|b', proof: { claims: { htu: resource + '/any/%7Ba%7D%7Cb' } } }),
    quote: await kit.shot({ target: '/any/"a"', proof: { claims: { htu: resource + '/any/"a"' } } }),
    sneaky: await kit.shot({ target: '/any/a;jsession=1/../b', proof: { claims: { htu: resource + '/any/b' } } }),
    dotsemi: await kit.shot({ target: '/any/..;/b', proof: { claims: { htu: resource + '/any/..;/b' } } }),
    nul: await kit.shot({ target: '/any/a%00b' }),
    empty: await kit.shot({ target: '?x', url: resource + '/' }),
    abs: await kit.shot({ target: 'https://api.example.test', url: resource + '/' }),
    absPort: await kit.shot({ target: 'https://API.example.test:443/any/a', url: resource + '/any/a' }),
    absUser: await kit.shot({ target: 'https://u@api.example.test/any/a', url: resource + '/any/a' }),
    lower: await kit.shot({ method: 'get', target: '/any/a', proof: { claims: { htm: 'GET' } } }),
    propfind: await kit.shot({ method: 'PROPFIND', target: '/any/a' }),
    trace: await kit.shot({ method: 'TRACE', target: '/any/a' }),
    upper: await kit.shot({ target: '/ANY/a' }),
    twoHosts: await kit.shot({ target: '/any/a', fields: [['host', 'api.example.test'], ['host', 'evil.test']] }),
    badHost: await kit.shot({ target: '/any/a', fields: [['host', 'a b']] }),
    hostPath: await kit.shot({ target: '/any/a', fields: [['host', 'evil.test/any/b?']] }),
    hostPath2: await kit.shot({ target: '/any/a', url: resource+'/any/b', fields: [['host', 'evil.test/any/b?']] }),
    meta: { method: 'GET', target: '/.well-known/oauth-protected-resource', fields: [['host', 'evil.test/any']] as any },
    wk: { method: 'GET', target: '/any/../.well-known/oauth-protected-resource', fields: [] as any },
    abswk: { method: 'GET', target: 'https://evil.test/.well-known/oauth-protected-resource', fields: [] as any },
    wkq: { method: 'GET', target: '/.well-known/oauth-protected-resource?x=1', fields: [] as any },
    badchar: { method: 'GET', target: '/any/a', fields: [['authorization', 'DPoP \xe9\xe9']] as any },
    authEmpty: { method: 'GET', target: '/any/a', fields: [['authorization', '']] as any },
    long: { method: 'GET', target: '/any/a', fields: [['authorization', 'DPoP ' + 'a'.repeat(8193)]] as any },
    tok2: { method: 'GET', target: '/any/a', fields: [['authorization', 'DPoP a b']] as any },
    comma: { method: 'GET', target: '/any/a', fields: [['authorization', 'Basic a, b']] as any },
  }
  for (const [name, shot] of Object.entries(shots)) {
    const out = []
    for (const door of doors) {
      const running = await door.start({ options: kit.options, routes: [{ path: '/any/*' }] })
      const raw = await running.ask(shot)
      let s: any
      try { s = see(raw) } catch { s = { status: raw.status, body: { raw: raw.body.slice(0, 60) } } }
      out.push(`${door.name}: ${s.status} ${s.body?.code ?? s.body?.reached ?? JSON.stringify(s.body)?.slice(0, 90)}`)
      await running.close()
    }
    console.log(name, '\n   ', out.join('\n    '))
  }
}, 60000)
