"""All routes of the Studio: pages at the top, the JSON API under ``/api/v1``."""

from fastapi import APIRouter, Depends, FastAPI

from glasshouse.web.classify import files_api as classify_files_api
from glasshouse.web.classify import many_page
from glasshouse.web.classify import page as classify_page
from glasshouse.web.datasets import api as datasets_api
from glasshouse.web.datasets import classes_page, downloads, new_page, picture_page, pictures_api, versions_page
from glasshouse.web.datasets import page as datasets_page
from glasshouse.web.explained import api as explained_api
from glasshouse.web.explained import checks_page
from glasshouse.web.explained import page as explained_page
from glasshouse.web.follow import api as follow_api
from glasshouse.web.follow import inputs_api, inputs_page
from glasshouse.web.follow import page as follow_page
from glasshouse.web.framework.bodies import check_body
from glasshouse.web.framework.error_page import error_page
from glasshouse.web.framework.static_files import static_file
from glasshouse.web.home import bulk_api, bulk_page, edit_page, jobs_api, running_page, workers_api, workers_page
from glasshouse.web.home import page as home_page
from glasshouse.web.layers import api as layers_api
from glasshouse.web.layers import page as layers_page
from glasshouse.web.layers import picture_page as layers_picture_page
from glasshouse.web.models import api as models_api
from glasshouse.web.models import code_api, code_page, export_api, sample_page, use_page
from glasshouse.web.models import page as models_page
from glasshouse.web.networks import api as networks_api
from glasshouse.web.networks import page as networks_page
from glasshouse.web.new_model import estimates_api, presets_api
from glasshouse.web.new_model import live_parts as new_model_parts
from glasshouse.web.new_model import page as new_model_page
from glasshouse.web.people import api as people_api
from glasshouse.web.people import page as people_page
from glasshouse.web.people import sign_in_page
from glasshouse.web.picture_map import api as map_api
from glasshouse.web.picture_map import page as map_page
from glasshouse.web.results import api as results_api
from glasshouse.web.results import compare_api, compare_page, top_page
from glasshouse.web.results import files_api as results_files_api
from glasshouse.web.results import page as results_page
from glasshouse.web.searches import api as searches_api
from glasshouse.web.searches import page as searches_page
from glasshouse.web.shortcuts import api as shortcuts_api
from glasshouse.web.shortcuts import page as shortcuts_page
from glasshouse.web.weights import api as weights_api
from glasshouse.web.weights import page as weights_page

__all__ = ["add_routes"]

API = (
    results_api, compare_api, estimates_api, presets_api, datasets_api, pictures_api, models_api, searches_api,
    follow_api, inputs_api, layers_api, code_api, results_files_api, bulk_api, networks_api, weights_api,
    jobs_api, workers_api, classify_files_api, people_api, map_api, shortcuts_api,
    explained_api, export_api,
)  # fmt: skip
PAGES = (
    explained_page, checks_page,
    networks_page, weights_page, workers_page, home_page,  # networks before home, whose addresses begin with any word
    running_page, bulk_page, new_page, new_model_page, new_model_parts, datasets_page, models_page, searches_page,
    top_page, results_page, classify_page, inputs_page, follow_page, layers_page, layers_picture_page, code_page,
    many_page, compare_page, downloads, picture_page, classes_page, versions_page, edit_page, people_page,
    sign_in_page, sample_page, use_page, map_page, shortcuts_page,
)  # fmt: skip


def add_routes(app: FastAPI) -> None:
    """Give the application its API, its pages and their files; ``app.state.store`` is the Studio's store."""
    api = APIRouter(dependencies=[Depends(check_body)])
    for part in API:
        api.include_router(part.router)
    app.include_router(api, prefix="/api/v1")
    for part in PAGES:
        app.include_router(part.router)
    app.add_api_route("/static/{digest}/{name}", static_file, include_in_schema=False)
    app.state.error_page = error_page
