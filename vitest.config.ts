import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: {
    alias: [
      { find: /^onbehalf$/, replacement: new URL('./src/index.ts', import.meta.url).pathname },
      { find: /^onbehalf\/testing$/, replacement: new URL('./src/testing/index.ts', import.meta.url).pathname },
      { find: /^onbehalf\/report$/, replacement: new URL('./src/report/index.ts', import.meta.url).pathname },
      {
        find: /^onbehalf\/revocation$/,
        replacement: new URL('./src/revocations/index.ts', import.meta.url).pathname,
      },
      { find: /^onbehalf\/adapter$/, replacement: new URL('./src/adapter/index.ts', import.meta.url).pathname },
      { find: /^onbehalf\/issuers$/, replacement: new URL('./src/issuers/index.ts', import.meta.url).pathname },
      {
        find: /^onbehalf\/(express|fastify|fetch|node|redis)$/,
        replacement: `${new URL('./adapters/', import.meta.url).pathname}$1.ts`,
      },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    // A hang guard: no test waits on anything real for this long.
    testTimeout: 20_000,
    hookTimeout: 30_000,
    coverage: {
      provider: 'v8',
      include: ['src/**', 'adapters/**'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { lines: 95, branches: 90 },
    },
  },
})
