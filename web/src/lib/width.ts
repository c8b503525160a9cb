import { type RefObject, useLayoutEffect, useRef, useState } from 'react';

/** How wide an element is, now and whenever that changes; 0 before it is known. */
export function useWidth<Kind extends HTMLElement>(): [RefObject<Kind | null>, number] {
  const element = useRef<Kind>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const measured = element.current;
    if (!measured) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(measured);
    setWidth(Math.floor(measured.clientWidth));
    return () => observer.disconnect();
  }, []);
  return [element, width];
}
