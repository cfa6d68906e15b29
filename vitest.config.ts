import { defineConfig } from 'vitest/config'
import tsconfig from './tsconfig.json' with { type: 'json' }

export default defineConfig({
  resolve: {
    // The package's own entry points are the source, as the type checker sees them.
    alias: Object.entries(tsconfig.compilerOptions.paths).map(([name, [path]]) => ({
      find: new RegExp(`^${name}$`),
      replacement: new URL(path, import.meta.url).pathname,
    })),
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
