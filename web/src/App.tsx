import { lazy, Suspense } from 'react';
import { Navigate, Route, Routes } from 'react-router';
import { Layout } from './parts/Layout';
import { LoadingPage } from './parts/LoadingPage';

const PayloadsPage = lazy(() => import('./pages/PayloadsPage'));
const PayloadPage = lazy(() => import('./pages/PayloadPage'));
const StatusesPage = lazy(() => import('./pages/StatusesPage'));
const FailuresPage = lazy(() => import('./pages/FailuresPage'));
const StalledPage = lazy(() => import('./pages/StalledPage'));
const SlowestPage = lazy(() => import('./pages/SlowestPage'));
const ComparePage = lazy(() => import('./pages/ComparePage'));
const ServicesPage = lazy(() => import('./pages/ServicesPage'));
const FlowPage = lazy(() => import('./pages/FlowPage'));
const IngestPage = lazy(() => import('./pages/IngestPage'));
const FindPage = lazy(() => import('./pages/FindPage'));
const MissingPage = lazy(() => import('./pages/MissingPage'));

/** Every page of the application; each is a file of its own, fetched when it is first opened. */
export function App() {
  return (
    <Layout>
      <Suspense fallback={<LoadingPage />}>
        <Routes>
          <Route path="/" element={<Navigate to="/payloads" replace />} />
          <Route path="/payloads" element={<PayloadsPage />} />
          <Route path="/payloads/:requestId" element={<PayloadPage />} />
          <Route path="/statuses" element={<StatusesPage />} />
          <Route path="/failures" element={<FailuresPage />} />
          <Route path="/stalled" element={<StalledPage />} />
          <Route path="/slowest" element={<SlowestPage />} />
          <Route path="/compare" element={<ComparePage />} />
          <Route path="/services" element={<ServicesPage />} />
          <Route path="/flow" element={<FlowPage />} />
          <Route path="/ingest" element={<IngestPage />} />
          <Route path="/find" element={<FindPage />} />
          <Route path="*" element={<MissingPage />} />
        </Routes>
      </Suspense>
    </Layout>
  );
}
