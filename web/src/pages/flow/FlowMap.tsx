import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { formatDuration } from '../../lib/duration';
import { type FlowMap as Layout, type Level, levelOf, type Place, type Way } from '../../lib/flow';
import { layOutNarrow } from '../../lib/flowNarrow';
import { layOutWide } from '../../lib/flowWide';
import { formatCount, formatShare, shareOf } from '../../lib/numbers';
import { useWidth } from '../../lib/width';
import type { NumbersAddress } from '../../parts/numbers/address';
import { payloadsAddress } from '../../parts/numbers/payloads';
import { labelsOf, linesOf } from './labels';
import type { FlowEdge, FlowNode } from './query';
import { describeEdge, describeNode } from './words';

interface FlowMapProps {
  nodes: FlowNode[];
  edges: FlowEdge[];
  address: NumbersAddress;
}

/** What the pointer or the keyboard is on: a service, or a way. */
type Active = { service: string } | { edge: FlowEdge } | null;

const narrow = 700;
/** What is wider than its room is drawn smaller, as long as it can be read; else it is scrolled. */
const smallest = 0.85;

/** Services and the ways between them. Each is a link to the payloads it stands for; the tables below say the same. */
export function FlowMap({ nodes, edges, address }: FlowMapProps) {
  const [element, width] = useWidth<HTMLDivElement>();
  const [active, setActive] = useState<Active>(null);
  const map = useMemo(() => (width < narrow ? layOutNarrow : layOutWide)(nodes, edges, width), [nodes, edges, width]);
  return (
    <>
      <div ref={element} className="pt-scroll">
        {width > 0 && (
          <Drawing map={map} room={width} nodes={nodes} address={address} active={active} setActive={setActive} />
        )}
      </div>
      <p className="pt-readout" aria-hidden="true">
        {active ? <Readout active={active} map={map} nodes={nodes} /> : <Legend />}
      </p>
    </>
  );
}

interface DrawingProps {
  map: Layout<FlowEdge>;
  room: number;
  nodes: FlowNode[];
  address: NumbersAddress;
  active: Active;
  setActive: (active: Active) => void;
}

function Drawing({ map, room, nodes, address, active, setActive }: DrawingProps) {
  const known = new Map(nodes.map((node) => [node.service, node]));
  const labels = useMemo(() => labelsOf(map), [map]);
  // What is narrow lies upon what is wide, or it could not be seen, nor pointed at.
  const ways = map.ways.toSorted((a, b) => b.width - a.width);
  const scale = Math.min(1, Math.max(room / map.width, smallest));
  const look = (lit: boolean) => (lit ? 'pt-lit' : '');
  return (
    // biome-ignore lint/a11y/useSemanticElements: a drawing has no other element
    <svg
      role="group"
      aria-label="Map of the services and the ways between them"
      viewBox={`0 0 ${map.width} ${map.height}`}
      width={map.width * scale}
      height={map.height * scale}
      className={active ? 'pt-flow pt-flow-active' : 'pt-flow'}
    >
      {ways.map((way) => (
        <WayLink
          key={nameOf(way.edge)}
          way={way}
          to={payloadsAddress(address, way.edge.to, levelOf(way.edge) === 'few' ? null : 'failed')}
          look={look(touches(active, way.edge))}
          setActive={setActive}
        />
      ))}
      {map.places.map((place) => (
        <ServiceLink
          key={place.service}
          place={place}
          size={map.node}
          node={known.get(place.service)}
          to={payloadsAddress(address, place.service, null)}
          look={look(lights(active, place.service, map))}
          setActive={setActive}
        />
      ))}
      {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it can be focused; the links say the same */}
      <g aria-hidden="true" className="pt-flow-words">
        {ways.map((way) => (
          <WayWords key={nameOf(way.edge)} way={way} label={labels.get(way)} look={look(touches(active, way.edge))} />
        ))}
        {map.places.map((place) => (
          <ServiceWords
            key={place.service}
            place={place}
            size={map.node}
            node={known.get(place.service)}
            look={look(lights(active, place.service, map))}
          />
        ))}
      </g>
    </svg>
  );
}

const nameOf = ({ from, to }: FlowEdge) => `${from} ${to}`;

function touches(active: Active, edge: FlowEdge): boolean {
  if (!active) return false;
  // By name: what is asked anew meanwhile gives other objects.
  return 'edge' in active
    ? nameOf(active.edge) === nameOf(edge)
    : active.service === edge.from || active.service === edge.to;
}

function lights(active: Active, service: string, map: Layout<FlowEdge>): boolean {
  if (!active) return false;
  if ('service' in active && active.service === service) return true;
  return map.ways.some(({ edge }) => touches(active, edge) && (edge.from === service || edge.to === service));
}

interface Linked {
  to: string;
  look: string;
  setActive: (active: Active) => void;
}

/** The same for the pointer and the keyboard. */
function telling(setActive: Linked['setActive'], what: NonNullable<Active>) {
  const [enter, leave] = [() => setActive(what), () => setActive(null)];
  return { onPointerEnter: enter, onFocus: enter, onPointerLeave: leave, onBlur: leave };
}

function WayLink({ way, to, look, setActive }: Linked & { way: Way<FlowEdge> }) {
  const { edge, path, width } = way;
  return (
    <Link
      to={to}
      className={`pt-way pt-${levelOf(edge)} ${look}`}
      aria-label={describeEdge(edge)}
      {...telling(setActive, { edge })}
    >
      <path d={path} strokeWidth={Math.max(width, 14)} className="pt-way-reach" />
      <path d={path} strokeWidth={width} className="pt-way-line" />
      <polygon points={way.arrow} />
    </Link>
  );
}

function WayWords({ way, label, look }: { way: Way<FlowEdge>; label: boolean | undefined; look: string }) {
  const { edge, mark, width } = way;
  const level = levelOf(edge);
  return (
    <g className={look}>
      {level !== 'few' && <Mark level={level} x={mark.x} y={mark.y} />}
      {label && (
        <text x={mark.x} y={mark.y - width / 2 - 5} textAnchor="middle" className="pt-way-label">
          {formatCount(edge.payloads)}
        </text>
      )}
      {label && edge.handover && (
        <text x={mark.x} y={mark.y + width / 2 + 14} textAnchor="middle" className="pt-way-label">
          {formatDuration(edge.handover.p50)}
        </text>
      )}
    </g>
  );
}

/** Failures are marked by a sign too: a colour alone is not seen by everybody. */
function Mark({ level, x, y }: { level: Level; x: number; y: number }) {
  return (
    <g className={`pt-flow-mark pt-${level}`} transform={`translate(${x} ${y})`}>
      <rect x={-7} y={-7} width={14} height={14} transform="rotate(45)" />
      <text dy="0.36em" textAnchor="middle">
        {level === 'many' ? '!!' : '!'}
      </text>
    </g>
  );
}

interface Placed {
  place: Place;
  size: Layout<FlowEdge>['node'];
  node: FlowNode | undefined;
}

function ServiceLink({ place, size, node, to, look, setActive }: Linked & Placed) {
  const { service, x, y } = place;
  return (
    <Link
      to={to}
      className={`pt-flow-service pt-${node ? levelOf(node) : 'few'} ${look}`}
      aria-label={node ? describeNode(node) : service}
      {...telling(setActive, { service })}
    >
      <rect x={x} y={y} {...size} rx={8} />
    </Link>
  );
}

function ServiceWords({ place, size, node, look }: Placed & { look: string }) {
  const { service, x, y } = place;
  const level = node ? levelOf(node) : 'few';
  const share = node ? shareOf(node.failed, node.payloads) : null;
  const lines = linesOf(service, size.width);
  const top = y + size.height / 2 - 8 * lines.length + (node ? 4 : 12);
  return (
    <g className={look}>
      {lines.map((line, i) => (
        <text key={line} x={x + 12} y={top + i * 16} className="pt-flow-name">
          {line}
        </text>
      ))}
      {node && (
        <text x={x + 12} y={top + lines.length * 16 + 2}>
          {formatCount(node.payloads)}
          {share ? ` · ${formatShare(share)} failed` : ' · none failed'}
        </text>
      )}
      {level !== 'few' && <Mark level={level} x={x + size.width - 4} y={y + 4} />}
    </g>
  );
}

function Readout({ active, map, nodes }: { active: NonNullable<Active>; map: Layout<FlowEdge>; nodes: FlowNode[] }) {
  if ('edge' in active) {
    const edge = map.ways.find((way) => nameOf(way.edge) === nameOf(active.edge))?.edge ?? active.edge;
    return (
      <>
        <span>{describeEdge(edge)}</span>
        <span className="pt-subtle">
          a click lists the payloads that {levelOf(edge) === 'few' ? 'came to' : 'failed in'} {edge.to}
        </span>
      </>
    );
  }
  const node = nodes.find(({ service }) => service === active.service);
  return <span>{node ? describeNode(node) : active.service}</span>;
}

function Legend() {
  return (
    <>
      <span className="pt-key-entry">The wider, the more payloads</span>
      <span className="pt-key-entry">Beside ways: payloads, and how long half of them waited at most</span>
      {(['some', 'many'] as const).map((level) => (
        <span key={level} className="pt-key-entry">
          <svg width={22} height={22} className="pt-flow-key" aria-hidden="true">
            <Mark level={level} x={11} y={11} />
          </svg>
          {level === 'some' ? '2 % failed, or more' : '10 % failed, or more'}
        </span>
      ))}
    </>
  );
}
