import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { compress } from './vite.compress.ts';

const pages: Record<string, string> = { index: resolve(import.meta.dirname, 'index.html') };
const playground = resolve(import.meta.dirname, 'playground/index.html');
if (existsSync(playground)) pages.playground = playground;

export default defineConfig({
  plugins: [react(), compress()],
  build: {
    // The policy of the page allows no data: scripts or fonts, so nothing is written into other files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    chunkSizeWarningLimit: 5000,
    rollupOptions: {
      input: pages,
      // GraphiQL's files carry a directive for React's compiler, which does not run here.
      onwarn: (warning, warn) => warning.code !== 'MODULE_LEVEL_DIRECTIVE' && warn(warning),
    },
  },
  server: {
    proxy: { '/graphql': 'http://127.0.0.1:8080', '/api': 'http://127.0.0.1:8080' },
  },
  test: { include: ['src/**/*.test.ts', 'playground/**/*.test.ts'], environment: 'node' },
});
