import { Masthead, MastheadContent, MastheadMain } from '@patternfly/react-core/dist/esm/components/Masthead';
import { Page, PageSection } from '@patternfly/react-core/dist/esm/components/Page';
import { SkipToContent } from '@patternfly/react-core/dist/esm/components/SkipToContent';
import { type ReactNode, useEffect, useRef } from 'react';
import { Link, NavLink, useLocation } from 'react-router';
import { DisplayMenu } from './DisplayMenu';
import { SearchBox } from './SearchBox';

/** The server takes the mark away where it has no playground: PLAYGROUND=off. */
const playground = 'playground' in document.documentElement.dataset;

/** What every page has: the masthead with the one search box, the pages, and how things look. */
export function Layout({ children }: { children: ReactNode }) {
  const masthead = (
    <Masthead className="pt-masthead">
      <MastheadMain>
        <Link to="/" className="pt-brand">
          <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
            <rect width="32" height="32" rx="7" fill="#0066cc" />
            <path
              d="M6 21h6l4-11 4 11h6"
              fill="none"
              stroke="#fff"
              strokeWidth="2.6"
              strokeLinejoin="round"
              strokeLinecap="round"
            />
            <circle cx="16" cy="10" r="3" fill="#fff" />
          </svg>
          <span>Payload Tracker</span>
        </Link>
      </MastheadMain>
      <MastheadContent className="pt-masthead-content">
        <SearchBox />
        <DisplayMenu />
      </MastheadContent>
      <Pages />
    </Masthead>
  );
  return (
    <Page
      masthead={masthead}
      mainContainerId="content"
      skipToContent={<SkipToContent href="#content">Skip to content</SkipToContent>}
    >
      <PageSection isFilled isWidthLimited hasBodyWrapper className="pt-content">
        {children}
      </PageSection>
    </Page>
  );
}

/** The pages; where they do not all fit beside each other, the one that is open is in sight. */
function Pages() {
  const { pathname } = useLocation();
  const row = useRef<HTMLElement>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another page is another entry
  useEffect(() => {
    row.current?.querySelector('[aria-current]')?.scrollIntoView({ inline: 'center', block: 'nearest' });
  }, [pathname]);

  return (
    <nav aria-label="Pages" className="pt-nav" ref={row}>
      <NavLink to="/payloads" end>
        Payloads
      </NavLink>
      <NavLink to="/statuses">Statuses</NavLink>
      <NavLink to="/failures">Failures</NavLink>
      <NavLink to="/stalled">Stalled</NavLink>
      <NavLink to="/services">Services</NavLink>
      <NavLink to="/flow">Flow</NavLink>
      <NavLink to="/ingest">Ingest</NavLink>
      {playground && <a href="/playground">Playground</a>}
    </nav>
  );
}
