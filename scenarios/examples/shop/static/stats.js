'use strict';
// Stands for the visitor counter of a third party: it notes that it ran, and tells nobody.
document.documentElement.dataset.counted = 'yes';
