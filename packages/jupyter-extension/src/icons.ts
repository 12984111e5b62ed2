import { LabIcon } from "@jupyterlab/ui-components";

const RIG = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">
  <g class="jp-icon3" fill="#616161">
    <path fill-rule="evenodd" d="M4 3h8a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zm.4 1.400v7.200h7.200V4.400z"/>
    <path d="M6.800 5.600 10.600 8 6.800 10.400z"/>
    <path d="M5 1h1.200v1.500H5zm2.400 0h1.200v1.500H7.400zm2.400 0H11v1.500H9.800zM5 13.500h1.200V15H5zm2.400 0h1.200V15H7.400zm2.400 0H11V15H9.800zM1 5h1.500v1.200H1zm0 2.400h1.500v1.200H1zm0 2.400h1.500V11H1zM13.500 5H15v1.200h-1.500zm0 2.400H15v1.200h-1.500zm0 2.400H15V11h-1.500z"/>
  </g>
</svg>`;

/** Sign of everything that runs on a rig of the campus. */
export const rigIcon = new LabIcon({ name: "nebula:rig", svgstr: RIG });
