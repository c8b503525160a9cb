import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './playground.css';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createClient } from 'graphql-ws';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { questions } from './questions';

// Subscriptions come over a websocket to the same address, which is opened when the first one begins.
const live = new URL('/graphql', location.href);
live.protocol = live.protocol.replace('http', 'ws');
const fetcher = createGraphiQLFetcher({ url: '/graphql', wsClient: createClient({ url: live.href }) });

const root = document.getElementById('playground');
if (!root) throw new Error('index.html has no #playground');
createRoot(root).render(
  <StrictMode>
    <GraphiQL fetcher={fetcher} defaultTabs={questions} defaultEditorToolsVisibility="variables">
      <GraphiQL.Logo>
        <a href="/" className="home">
          Payload Tracker
        </a>
      </GraphiQL.Logo>
    </GraphiQL>
  </StrictMode>,
);
