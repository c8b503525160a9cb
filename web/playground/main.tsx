import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './playground.css';
import { useMonaco } from '@graphiql/react';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createClient } from 'graphql-ws';
import { StrictMode, useLayoutEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { theme } from '../src/lib/theme';
import { questions } from './questions';

// Subscriptions come over a websocket to the same address, which is opened when the first one begins.
const live = new URL('/graphql', location.href);
live.protocol = live.protocol.replace('http', 'ws');
const fetcher = createGraphiQLFetcher({ url: '/graphql', wsClient: createClient({ url: live.href }) });

// The look chosen on the other pages, until another one is chosen here.
const chosen = theme.get();

function Playground() {
  const monaco = useMonaco((loaded) => loaded.monaco);

  // GraphiQL's dark editor, but with comments that stand out from its ground. Its editors come after this.
  useLayoutEffect(() => {
    monaco?.editor.defineTheme('tracker-dark', {
      base: 'vs-dark',
      inherit: true,
      rules: [{ token: 'comment', foreground: '8fb573' }],
      colors: { 'editor.background': '#ffffff00', 'scrollbar.shadow': '#ffffff00' },
    });
  }, [monaco]);

  return (
    <GraphiQL
      fetcher={fetcher}
      defaultTabs={questions}
      defaultEditorToolsVisibility="variables"
      defaultTheme={chosen === 'system' ? null : chosen}
      editorTheme={{ dark: 'tracker-dark', light: 'graphiql-LIGHT' }}
    >
      <GraphiQL.Logo>
        <a href="/" className="home">
          Payload Tracker
        </a>
      </GraphiQL.Logo>
    </GraphiQL>
  );
}

const root = document.getElementById('playground');
if (!root) throw new Error('index.html has no #playground');
createRoot(root).render(
  <StrictMode>
    <Playground />
  </StrictMode>,
);
