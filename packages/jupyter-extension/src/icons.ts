import { LabIcon } from "@jupyterlab/ui-components";

const RIG = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">
  <g class="jp-icon3" fill="#616161">
    <path d="M2 3h12a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H3v2H1V4a1 1 0 0 1 1-1zm0 1.5v5h11.5v-5z"/>
    <path d="M6 5.2 10 7 6 8.8z"/>
    <path d="M5 11h2v1.500H5zm4 0h2v1.500H9z"/>
  </g>
</svg>`;

/** Sign of everything that runs on a rig of the campus. */
export const rigIcon = new LabIcon({ name: "nebula:rig", svgstr: RIG });
