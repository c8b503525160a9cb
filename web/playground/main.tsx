import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './playground.css';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { questions } from './questions';

const fetcher = createGraphiQLFetcher({ url: '/graphql' });

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
