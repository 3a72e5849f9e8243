/** Tests of names of images. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isImageId, parseImageName } from "./image-name.ts";

const digest = `sha256:${"a".repeat(64)}`;

describe("parseImageName", () => {
  for (const [image, name, registry, tag] of [
    ["nginx", "nginx", "docker.io", "latest"],
    ["nginx:1.27-alpine", "nginx", "docker.io", "1.27-alpine"],
    ["library/nginx", "library/nginx", "docker.io", "latest"],
    ["ghcr.io/acme/api:2", "ghcr.io/acme/api", "ghcr.io", "2"],
    ["localhost/x", "localhost/x", "localhost", "latest"],
    ["localhost:5000/x/y:v_1", "localhost:5000/x/y", "localhost:5000", "v_1"],
    [`nginx@${digest}`, "nginx", "docker.io", null],
    [`r.example.com:1/a__b/c-d.e:t@${digest}`, "r.example.com:1/a__b/c-d.e", "r.example.com:1", "t"],
  ] as const)
    it(`takes ${image}`, () => {
      assert.deepEqual(parseImageName(image), { name, registry, tag, digest: image.includes("@") ? digest : null });
    });

  for (const image of [
    "",
    " ",
    "Nginx",
    "a b",
    "a:",
    ":a",
    "a:b:c",
    "-a",
    "a//b",
    "/a",
    "a/",
    "a@sha256:1",
    "a:-x",
    "a\n",
    "../a",
    "http://a/b",
    "a".repeat(600),
  ])
    it(`refuses ${JSON.stringify(image.slice(0, 30))}`, () => {
      assert.throws(() => parseImageName(image), { code: "INVALID_IMAGE" });
    });

  it("knows an id", () => {
    assert.deepEqual([isImageId(digest), isImageId("nginx")], [true, false]);
  });
});
