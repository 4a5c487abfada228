// import 'idlive-face-capture-web' defines <idlive-face-capture>.
import { FaceCapture } from './element.js';

export { FaceCapture };

if (!customElements.get('idlive-face-capture')) customElements.define('idlive-face-capture', FaceCapture);
