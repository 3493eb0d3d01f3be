/* A photo as it is stored: drawn anew, so that nothing of where, when and with what it was taken goes along, and no larger than the question asks. */

const MOST = 4096;      // pixels of the longer side: more than a document needs, and what every browser can draw

/** The longer side that an appearance allows: "max-pixels=1024". */
const bound = appearance => Math.min(MOST, Number(/(?:^|\s)max-pixels=(\d{1,6})(?:\s|$)/.exec(appearance ?? '')?.[1]) || MOST);

/** What can say where it was taken: JPEG, WebP, HEIC and AVIF, TIFF, PNG. */
async function tells(blob) {
  const head = String.fromCharCode(...new Uint8Array(await blob.slice(0, 12).arrayBuffer()));
  return /^(\xff\xd8|RIFF|....ftyp|II\*|MM\0|\x89PNG\r)/s.test(head);
}

/** @returns a PNG of a PNG, else a JPEG, upright; what is no picture as it is. Rejects a picture that the browser cannot read: it might say where it was taken. */
export async function plain(blob, appearance) {
  let picture;
  try { picture = await createImageBitmap(blob, { imageOrientation: 'from-image' }); } catch (error) {
    if (await tells(blob)) throw error;
    return blob;
  }
  try {
    const scale = Math.min(1, bound(appearance) / Math.max(picture.width, picture.height)), canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) => canvas.toBlob(done => done ? resolve(done) : reject(new Error('no picture')), blob.type === 'image/png' ? blob.type : 'image/jpeg', 0.85));
  } finally { picture.close(); }
}
