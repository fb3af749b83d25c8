// Icons as silhouettes that still differ at 12 px and in grey.
import type { ReactNode } from "react";

const shapes = {
  ready: <path d="M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zm-1 9.3L4.2 8l1-1L7 8.8l3.9-3.9 1 1z" />,
  offered: <path d="M8 1a4 4 0 0 0-4 4v3.4L2.6 11v1h10.8v-1L12 8.4V5a4 4 0 0 0-4-4zM6.3 13a1.7 1.7 0 0 0 3.4 0z" />,
  silent: <path fill="none" stroke="currentColor" strokeWidth="1.5" d="M8 1.8a3.6 3.6 0 0 0-3.6 3.6v3.2L3 11.4h10l-1.4-2.8V5.4A3.6 3.6 0 0 0 8 1.8zM6 14h4M1.5 1.5l13 13" />,
  talking: <path d="M4.3 1.6 6.4 4 5.3 6.2c.7 1.8 2.4 3.5 4.5 4.5L12 9.6l2.4 2.1-1.5 2.4c-.6.5-1.6.5-2.6.2C6.2 12.9 3.1 9.8 1.7 5.7c-.3-1-.3-2 .2-2.6z" />,
  wrap_up: <path d="m10.9 1.7 3.4 3.4-8.6 8.6L1.6 14.4l.7-4.1zM3.6 11l-.3 1.7 1.7-.3z" fillRule="evenodd" />,
  not_ready: <path d="M2 2h12v12H2zm2 5v2h8V7z" fillRule="evenodd" />,
  logged_out: <path d="M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zm0 2a4 4 0 1 1 0 8 4 4 0 0 1 0-8z" fillRule="evenodd" />,
  unknown: <path d="M5 5.5C5 3.6 6.3 2.5 8 2.5s3 1.1 3 2.7c0 1.4-.8 2-1.5 2.6-.6.5-.7.7-.7 1.5H7.1c0-1.6.4-2.1 1.3-2.8.6-.5.9-.8.9-1.3 0-.6-.5-1-1.2-1-.8 0-1.3.5-1.3 1.3zM7 11h2v2H7z" />,
  waiting: <path d="M2 3h12v2H2zm0 4h12v2H2zm0 4h8v2H2z" />,
  answer: <path d="M4.3 1.6 6.4 4 5.3 6.2c.7 1.8 2.4 3.5 4.5 4.5L12 9.6l2.4 2.1-1.5 2.4c-.6.5-1.6.5-2.6.2C6.2 12.9 3.1 9.8 1.7 5.7c-.3-1-.3-2 .2-2.6zM10 1h5v5l-1.8-1.8L11 6.4 9.6 5l2.2-2.2z" />,
  hangUp: <path d="M8 5.5c2.8 0 5.3.9 7 2.6l.3 1.9-1.7 1.5-2.9-1V8.6a9 9 0 0 0-5.4 0v1.9l-2.9 1L.7 10 1 8.1c1.7-1.7 4.2-2.6 7-2.6z" />,
  hold: <path d="M4 2.5h3v11H4zm5 0h3v11H9z" />,
  mute: <path d="M6 3a2 2 0 1 1 4 0v4L6 3.6zM2 2.7 3 1.7l11.3 11.2-1 1-2.3-2.3A5 5 0 0 1 8.8 12.4V15H7.2v-2.6A4.6 4.6 0 0 1 3.5 8H5a3 3 0 0 0 4.6 2.5l-1-1A2 2 0 0 1 6 8V6.7zM11 8h1.5c0 .7-.2 1.4-.5 2l-1.1-1.2z" />,
  keys: <path d="M3 2h2.5v2.5H3zm3.8 0h2.5v2.5H6.8zm3.7 0H13v2.5h-2.5zM3 5.8h2.5v2.5H3zm3.8 0h2.5v2.5H6.8zm3.7 0H13v2.5h-2.5zM3 9.5h2.5V12H3zm3.8 0h2.5V12H6.8zm3.7 0H13V12h-2.5zM6.8 13h2.5v2H6.8z" />,
  transfer: <path d="M9 2.5 14.5 8 9 13.5V10H1.5V6H9z" />,
  consult: <path d="M1.5 2.5h9v6h-4l-3 2.5V8.5h-2zM12 5.5h2.5v6h-2V14L9.6 11.5H6.5l1.5-1.7h4z" />,
  conference: <path d="M5.5 2.5a2.3 2.3 0 1 1 0 4.6 2.3 2.3 0 0 1 0-4.6zm5.5 1a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM1 13c0-2.7 2-4.5 4.5-4.5S10 10.3 10 13zm10 0c0-1.6-.4-3-1.2-4.1A4 4 0 0 1 15 12.5v.5z" />,
  caret: <path d="M3.5 5.5h9L8 11z" />,
  close: <path d="m4 3 4 4 4-4 1 1-4 4 4 4-1 1-4-4-4 4-1-1 4-4-4-4z" />,
  play: <path d="M4 2v12l10-6z" />,
  pause: <path d="M3.5 2.5h3v11h-3zm6 0h3v11h-3z" />,
  download: <path d="M7 1.5h2V8l2.3-2.3 1.4 1.4L8 11.8 3.3 7.1l1.4-1.4L7 8zM2 13h12v1.8H2z" />,
  copy: <path d="M5 1.5h9v10h-2.5V14H2.5V4H5zM6.5 3v1h5v6h1V3zM4 5.5v7h6v-7z" fillRule="evenodd" />,
  inward: <path d="M13 2 14 3 6.5 10.5H11V12H4V5h1.5v4.5z" />,
  outward: <path d="M3 14 2 13 9.5 5.5H5V4h7v7h-1.5V6.5z" />,
  inside: <path d="M5 4v2.8h6V4l4 4-4 4V9.2H5V12L1 8z" />,
  user: <path d="M8 1.5a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4zM1.8 14.5c0-3.3 2.7-5.3 6.2-5.3s6.2 2 6.2 5.3z" />,
  desk: <path d="M1.5 3h13v8h-5v1.5H12V14H4v-1.5h2.5V11h-5zM3 4.5v5h10v-5z" fillRule="evenodd" />,
  floor: <path d="M2 9h3v5H2zm4.5-4h3v9h-3zM11 2h3v12h-3z" />,
  records: <path d="M3 1.5h7l3 3v10H3zm2 5v1.3h6V6.5zm0 3v1.3h6V9.5z" fillRule="evenodd" />,
  refused: <path d="M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM4 7h8v2H4z" fillRule="evenodd" />,
  warn: <path d="M8 1.5 15.2 14H.8zM7.2 6v4h1.6V6zm0 5v1.6h1.6V11z" fillRule="evenodd" />,
  phone: <path d="M2 9.5 4 8h8l2 1.5V14H2zM1 5c1.5-1.8 4-2.8 7-2.8S13.5 3.2 15 5v2l-3 .5V5.8a11 11 0 0 0-8 0v1.7L1 7z" />,
  eye: <path d="M8 3.5c3.3 0 5.7 2.2 7 4.5-1.3 2.3-3.7 4.5-7 4.5S2.3 10.3 1 8c1.3-2.3 3.7-4.5 7-4.5zm0 1.7a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z" fillRule="evenodd" />,
  recording: <circle cx="8" cy="8" r="5" />,
  record: <path d="M1.5 7h1.6v2H1.5zm3-3h1.6v8H4.5zm3-2.5h1.6v13H7.5zm3 2.5h1.6v8h-1.6zm3 3h1.6v2h-1.6z" />,
  back: <path d="M10.5 2 12 3.5 7.5 8l4.5 4.5-1.5 1.5-6-6z" />,
  reload: <path d="M8 2.5c1.7 0 3.2.7 4.2 1.9L14 2.6V8H8.6l2.3-2.3A3.9 3.9 0 1 0 11.7 9h1.7A5.5 5.5 0 1 1 8 2.5z" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof shapes;

/** `className` is what Ant Design gives the icons of its menus. */
export function Icon({ name, size = 16, className = "" }: { name: IconName; size?: number; className?: string }) {
  return (
    <svg className={`icon ${className}`} width={size} height={size} viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
      {shapes[name]}
    </svg>
  );
}
