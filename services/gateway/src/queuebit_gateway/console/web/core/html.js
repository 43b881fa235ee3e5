// The one place that knows the library behind the screens.
import { h, render, Fragment } from "preact";
import { useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import htm from "htm";

export const html = htm.bind(h);
export { render, Fragment, useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState };
