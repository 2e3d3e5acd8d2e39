// What every page does. Each module looks after one thing and finds its elements by data attributes.
import { startAges } from "./ages.js";
import { startControls } from "./controls.js";
import { startDetails } from "./details.js";
import { startFilter } from "./filter.js";
import { startLive } from "./live.js";
import { startReader } from "./reader.js";

startReader();
startControls();
startAges();
startFilter();
startDetails();
startLive();
